/** Backups for tests: a copy of the database on the same server. */
import { testServers } from '@portcullis/testbed';
import postgres from 'postgres';

export class DatabaseCopy {
  readonly #name: string;
  readonly #copy: string;

  constructor(databaseUrl: string) {
    this.#name = new URL(databaseUrl).pathname.slice(1);
    this.#copy = `${this.#name}_backup`;
  }

  /** As the database is now. Its connections are ended: PostgreSQL copies only what has no connections. */
  async take(): Promise<void> {
    await this.#replace(this.#copy, this.#name);
  }

  /** Puts the database back to what it was when the copy was taken. */
  async restore(): Promise<void> {
    await this.#replace(this.#name, this.#copy);
  }

  async drop(): Promise<void> {
    await onServer((sql) => sql.unsafe(`drop database if exists ${this.#copy} with (force)`));
  }

  async #replace(target: string, source: string): Promise<void> {
    await onServer(async (sql) => {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${source}`;
      await sql.unsafe(`drop database if exists ${target} with (force)`);
      await sql.unsafe(`create database ${target} template ${source}`);
    });
  }
}

async function onServer(work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(testServers().postgresUrl, { max: 1, onnotice: () => undefined });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}

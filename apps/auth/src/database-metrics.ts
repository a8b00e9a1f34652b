/** Whether Postgres answers, and what is in it, asked when the metrics are. */
import type { Registry } from '@portcullis/service';
import { sql } from 'drizzle-orm';
import { Counter, Gauge } from 'prom-client';
import type { Database } from './database/database.ts';
import { waitAtMost } from './timing/wait-at-most.ts';

/** Less than Prometheus waits for all metrics. Milliseconds. */
const ANSWERS_WITHIN_MS = 1_000;

interface Table {
  readonly name: string;
  readonly rows: number;
  readonly deleted: number;
}

/** What is asked of Postgres for a metric, in bounded time. @returns undefined where it does not answer */
export async function asked<T>(read: Promise<T>): Promise<T | undefined> {
  let answer: T | undefined;
  const known = read.then(
    (value) => {
      answer = value;
    },
    () => undefined,
  );
  await waitAtMost(ANSWERS_WITHIN_MS, known);
  return answer;
}

export function observeDatabase(registry: Registry, database: Database): void {
  const registers = [registry];
  const labelNames = ['table'];
  let asking: Promise<readonly Table[] | undefined> | undefined;
  /** One question for all that is collected at once. */
  const tables = (): Promise<readonly Table[] | undefined> => {
    asking ??= asked(tablesOf(database)).finally(() => {
      asking = undefined;
    });
    return asking;
  };
  new Gauge({
    name: 'portcullis_auth_postgres_up',
    help: '1 while Postgres answers this instance within a second',
    registers,
    async collect() {
      this.set((await tables()) === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: 'portcullis_auth_table_rows',
    help: 'Rows of each table, as Postgres estimates them; the same for all instances',
    labelNames,
    registers,
    async collect() {
      for (const { name, rows } of (await tables()) ?? []) this.set({ table: name }, rows);
    },
  });
  new Counter({
    name: 'portcullis_auth_table_deleted_rows_total',
    help: 'Rows that were deleted from each table, as Postgres counts them; the same for all instances',
    labelNames,
    registers,
    async collect() {
      const found = await tables();
      if (found === undefined) return;
      this.reset();
      for (const { name, deleted } of found) this.inc({ table: name }, deleted);
    },
  });
}

/** Of the statistics that Postgres keeps anyway: nothing is counted, and no table is locked. */
async function tablesOf(database: Database): Promise<readonly Table[]> {
  return await database.execute<{ name: string; rows: number; deleted: number }>(sql`
    select relname as name, n_live_tup::float8 as rows, n_tup_del::float8 as deleted
    from pg_stat_user_tables where schemaname = 'public'`);
}

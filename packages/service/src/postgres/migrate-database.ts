/**
 * Brings a database to the present schema, beside the version that serves. One migrates at a time; each
 * migration is a transaction of its own, or makes indexes outside of any. What was applied stays, also
 * when the next one fails.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import * as z from 'zod';
import { postgresTls } from '../tls/peer-tls.ts';
import { applyInTransaction, type Applying } from './apply-transaction.ts';
import { buildIndexes } from './build-indexes.ts';
import { appliedMigrations, ensureList } from './list-of-migrations.ts';
import { MigrationFailed } from './migration-failed.ts';
import { readMigrations } from './migrations.ts';

/** Seconds. */
const CONNECT_TIMEOUT_S = 10;
const CLOSE_TIMEOUT_S = 5;
/** For the turn, for the locks of a migration, for one wait of an index. Milliseconds. */
const PATIENCE_MS = 120_000;
/** The most that PostgreSQL takes: zero, without end, is what the client library leaves out. */
const LONGEST_STATEMENT_MS = 2_147_483_647;
const TURN_INTERVAL_MS = 100;

export interface MigrateOptions {
  /** Where drizzle-kit writes them. */
  readonly folder: string;
  readonly applicationName: string;
  /** Key of the advisory lock: who has it migrates. */
  readonly turn: bigint;
  readonly patienceMs?: number;
  /** Called for each as it begins. */
  begun?(tag: string): void;
}

const backend = z.object({ pid: z.number() });
const turn = z.object({ had: z.boolean() });

/** @throws MigrationFailed with the one thing to do next */
export async function migrateDatabase(
  url: string,
  { folder, applicationName, turn: key, patienceMs = PATIENCE_MS, begun }: MigrateOptions,
): Promise<void> {
  const migrations = await readMigrations(folder);
  const { address, options } = postgresTls(url);
  const connect = (name: string): Sql =>
    postgres(address, {
      ...options,
      max: 1, // the turn belongs to the connection
      fetch_types: false,
      connect_timeout: CONNECT_TIMEOUT_S,
      max_lifetime: null,
      onnotice: () => undefined,
      // A role or a database may have a limit that is meant for requests.
      connection: { application_name: name, statement_timeout: LONGEST_STATEMENT_MS },
    });
  const sql = connect(applicationName);
  const observer = connect(`${applicationName}-watch`);
  try {
    await takeTurn(sql, key, patienceMs);
    const { pid } = backend.parse((await sql`select pg_backend_pid() as pid`)[0]);
    const applying: Applying = { sql, observer, pid, patienceMs };
    await ensureList(sql);
    const applied = await appliedMigrations(sql);
    for (const migration of migrations) {
      if (applied?.has(migration.when) === true) continue;
      begun?.(migration.tag);
      if (migration.indexes === undefined) await applyInTransaction(applying, migration);
      else await buildIndexes(applying, migration);
    }
  } finally {
    await Promise.all([sql, observer].map((each) => each.end({ timeout: CLOSE_TIMEOUT_S })));
  }
}

/** Asks again and again: an index would wait for the transaction of one that stands in a queue. */
async function takeTurn(sql: Sql, key: bigint, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const [row] = await sql`select pg_try_advisory_lock(${String(key)}::bigint) as had`;
    if (turn.parse(row).had) return;
    if (performance.now() > deadline) {
      throw new MigrationFailed(
        'nothing was changed: another migration is under way. Run it again when that has ended.',
      );
    }
    await sleep(TURN_INTERVAL_MS);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { noteApplied } from './list-of-migrations.ts';
import { watchLocks, type LockWatch } from './lock-watch.ts';
import { MigrationFailed } from './migration-failed.ts';
import type { Migration } from './migrations.ts';
import { sqlStateOf } from './sql-state-of.ts';

/**
 * For one lock, in milliseconds. A request that comes after a waiting `ALTER TABLE` waits behind it; and
 * it is less than what PostgreSQL takes to look for a deadlock (a second), so that the migration gives
 * way and no request is the victim.
 */
const LOCK_TIMEOUT_MS = 300;
/** For which requests may wait for the locks that it has. */
const LONGEST_HELD_MS = 400;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
/** A lock that was not had in time, a deadlock, a statement that the watch cancelled. */
const BUSY = new Set(['55P03', '40P01', '57014']);

export interface Applying {
  /** One connection, which migrates. */
  readonly sql: Sql;
  /** Another connection, for the watch. */
  readonly observer: Sql;
  readonly pid: number;
  /** How long to go on trying. */
  readonly patienceMs: number;
}

/**
 * All of it or nothing. It takes its locks at once or gives way, and tries again after a pause.
 *
 * @throws MigrationFailed naming what holds it, when it had no chance for too long
 */
export async function applyInTransaction(
  { sql, observer, pid, patienceMs }: Applying,
  migration: Migration,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let holders: string | undefined;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const watch = watchLocks(observer, pid, LONGEST_HELD_MS);
    try {
      await attempt(sql, watch, migration);
      return;
    } catch (error) {
      if (!BUSY.has(sqlStateOf(error) ?? '')) throw error;
      holders = watch.holders ?? holders;
      if (performance.now() + pause > deadline) throw givenUp(migration, holders, error);
    }
    await sleep(pause * (0.5 + Math.random()));
  }
}

async function attempt(sql: Sql, watch: LockWatch, migration: Migration): Promise<void> {
  try {
    await sql.begin(async (tx) => {
      await tx`select set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`;
      for (const statement of migration.statements) await tx.unsafe(statement);
      await noteApplied(tx, migration);
    });
  } finally {
    await watch.stop();
  }
}

function givenUp({ tag }: Migration, holders: string | undefined, cause: unknown): MigrationFailed {
  const who = holders === undefined ? 'the database was too busy' : `held by ${holders}`;
  return new MigrationFailed(
    `${tag} was given up, and nothing of it was changed: ${who}. Run it again when that has passed.`,
    { cause },
  );
}

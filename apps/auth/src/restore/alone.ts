/** Keeps every other connection from a database for as long as a transaction lasts. */
import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Queryable, Transaction } from '../database/database.ts';
import { RestoreRefused } from './refused.ts';

/** How the connections of a service that runs are named; commands have other names. */
const SERVICE = '^portcullis-auth(-protocol|-audit|-verifiers)?$';
/** Longer than autovacuum takes to make way, which a fresh restore has many of. */
const LOCK_TIMEOUT = '10s';
const LOCK_NOT_AVAILABLE = '55P03';

const TABLES = [
  'users',
  'sessions',
  'clients',
  'client_subjects',
  'signing_keys',
  'sealed_secrets',
  'used_proofs',
  'links',
  'mails',
  'totp_factors',
  'recovery_codes',
  'issuer',
  'log_head',
  'revocation_log',
  'account_events',
  'verifiers',
] as const;

const connection = z.object({ pid: z.number(), name: z.string() });

/** @throws RestoreRefused when an instance of auth is connected to this database */
export async function requireStopped(on: Queryable): Promise<void> {
  const rows = await on.execute(sql`
    select pid, application_name as name from pg_stat_activity
    where datname = current_database() and application_name ~ ${SERVICE} order by pid`);
  const [first] = rows.map((row) => connection.parse(row));
  if (first === undefined) return;
  throw new RestoreRefused(
    `auth runs: ${first.name} is connected to this database (backend ${first.pid}). ` +
      'Stop every instance of auth, then run this again.',
  );
}

/**
 * Takes every table that is about to change for this transaction alone, without a limit on the time
 * that it takes. An instance that starts from here on waits for the commit at its first statement.
 *
 * @throws RestoreRefused when another transaction has them, or an instance of auth is connected
 */
export async function beAlone(tx: Transaction): Promise<void> {
  await tx.execute(sql`select set_config('statement_timeout', '0', true),
    set_config('idle_in_transaction_session_timeout', '60s', true),
    set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`);
  try {
    await tx.execute(sql.raw(`lock table ${TABLES.join(', ')} in access exclusive mode`));
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new RestoreRefused(
      `another connection uses the tables of this database, and did not end within ${LOCK_TIMEOUT}. ` +
        'End it (select pid, application_name from pg_stat_activity), then run this again.',
      { cause: error },
    );
  }
  await requireStopped(tx);
}

function isLockTimeout(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === LOCK_NOT_AVAILABLE;
}

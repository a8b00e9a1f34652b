/** Accounts with sessions, and a log of revocations in force, as many as services have that have run for long. */
import { hash } from '@node-rs/argon2';
import type { Sql } from 'postgres';
import { fillLog } from '../../revocation/fill-log.ts';
import type { Account } from '../users.ts';

/** A row a session in the log, and so many at most: what an hour of logouts leaves. */
const MOST_LOGGED = 1_000_000;
const MOST_ACCOUNTS = 1_000_000;
/** Sessions of each account where there are few of them. */
const EACH = 10;
/** Rows of one statement. */
const BATCH = 250_000;
const PASSWORD = 'a lantern above the western gate';
const AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

export const accountsFor = (sessions: number): number =>
  Math.min(MOST_ACCOUNTS, Math.max(1, Math.floor(sessions / EACH)));

/** @param number from 1 to `accountsFor(sessions)` */
export const accountOf = (number: number): Account => ({
  email: `user-${number}@example.test`,
  password: PASSWORD,
});

/**
 * All are alive. Ids ascend, as those of sessions do; the accounts of neighbouring ones are not neighbours.
 *
 * @param sql one connection to the database of auth, which does not run yet
 */
export async function fillSessions(
  sql: Sql,
  sessions: number,
  progress: (line: string) => void,
): Promise<void> {
  // Neither triggers nor foreign keys are asked: every row is right.
  await sql`set session_replication_role = replica`;
  const accounts = accountsFor(sessions);
  const passwordHash = await hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  await inBatches(sql, { table: 'users', count: accounts, progress }, async (first, last) => {
    await sql`
      insert into users (id, email, email_key, name, password_hash, email_verified_at, last_login_at)
      select 'usr_0' || lpad(to_hex(n), 25, '0'), 'user-' || n || '@example.test',
        'user-' || n || '@example.test', 'Ada Lovelace', ${passwordHash}, now(), now()
      from generate_series(${first}::int, ${last}::int) n`;
  });
  await inBatches(sql, { table: 'sessions', count: sessions, progress }, async (first, last) => {
    await sql`
      insert into sessions (id, user_id, client_id, refresh_hash, previous_refresh_hash, rotated_at,
        user_agent, address, amr, idle_expires_at, expires_at)
      select 'ses_0' || lpad(to_hex(n), 9, '0') || left(md5(n::text), 16),
        'usr_0' || lpad(to_hex(1 + n % ${accounts}::int), 25, '0'), 'cli_first-party',
        sha256(n::text::bytea), sha256((-n)::text::bytea), now(), ${AGENT}, '198.51.100.23', '{pwd}',
        now() + interval '14 days', now() + interval '90 days'
      from generate_series(${first}::int, ${last}::int) n`;
  });
  progress('the log of revocations');
  await fillLog(sql, Math.min(MOST_LOGGED, sessions));
}

interface Filling {
  readonly table: string;
  readonly count: number;
  progress(line: string): void;
}

/** Indexes that hold no constraint are taken away, and made anew at the end, which is quicker. */
async function inBatches(
  sql: Sql,
  { table, count, progress }: Filling,
  insert: (first: number, last: number) => Promise<void>,
): Promise<void> {
  const indexes = await sql`
    select indexname as name, indexdef as definition from pg_indexes
    where tablename = ${table} and indexname not in (select conname from pg_constraint)`;
  for (const { name } of indexes) await sql`drop index ${sql(String(name))}`;
  for (let first = 1; first <= count; first += BATCH) {
    progress(`${table} from ${first} of ${count}`);
    await insert(first, Math.min(count, first + BATCH - 1));
  }
  progress(`${table}: indexes and statistics`);
  for (const { definition } of indexes) await sql.unsafe(String(definition));
  await sql`vacuum analyze ${sql(table)}`;
}

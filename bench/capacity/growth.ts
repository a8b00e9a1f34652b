/**
 * What a row of each table that grows takes on the disk, with its part of every index: as many rows as the services
 * would have written, with texts of the length that theirs have, in tables without a gap.
 */
import { appDatabase, createTestBed } from '@portcullis/testbed';
import postgres, { type Sql } from 'postgres';
import { z } from 'zod';
import { aligned } from '../table.ts';
import type { Measurement } from './measurement.ts';

const ROWS = 200_000;
const SHORT_ROWS = 5_000;
/** Sessions of each user. */
const EACH = 10;
const AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

const TABLES = [
  'users',
  'sessions',
  'revocation_log',
  'audit_log',
  'audit_origins',
  'mails',
] as const;

const found = z.object({
  name: z.enum(TABLES),
  rows: z.number(),
  table: z.number(),
  all: z.number(),
});

export const GROWTH: Measurement = {
  name: 'growth',
  about: 'bytes on the disk of a row of each table that grows, indexes included',
  async run({ short }) {
    await using bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
    const sql = postgres(bed.databaseUrls.auth, { max: 1, onnotice: () => undefined });
    try {
      await fill(sql, short ? SHORT_ROWS : ROWS);
      const rows = await sizesOf(sql);
      const head = ['table', 'rows', 'bytes a row', 'with indexes'];
      const lines = rows.map(({ name, rows: count, table, all }) =>
        [name, count, Math.round(table / count), Math.round(all / count)].map(String),
      );
      return { table: aligned([head, ...lines]), figures: rows };
    } finally {
      await sql.end();
    }
  },
};

async function sizesOf(sql: Sql) {
  const rows = await sql`
    select c.relname as name, c.reltuples::float8 as rows,
      pg_table_size(c.oid)::float8 as table, pg_total_relation_size(c.oid)::float8 as all
    from pg_class c where c.relname in ${sql(TABLES)} and c.reltuples > 0
    order by array_position(${[...TABLES]}::text[], c.relname::text)`;
  return rows.map((row) => found.parse(row));
}

/** Ids have 26 characters after their kind, a hash of a password some 97. */
async function fill(sql: Sql, count: number): Promise<void> {
  const users = count / EACH;
  const id = (kind: string, of: string) => sql.unsafe(`'${kind}_' || left(md5(${of}::text), 26)`);
  await sql`
    insert into users (id, email, email_key, name, password_hash, email_verified_at, last_login_at)
    select ${id('usr', 'n')}, 'user-' || n || '@example.test', 'user-' || n || '@example.test', 'Ada Lovelace',
      rpad('$argon2id$v=19$m=19456,t=2,p=1$', 97, md5(n::text)), now(), now()
    from generate_series(1, ${users}::int) n`;
  await sql`
    insert into sessions (id, user_id, client_id, refresh_hash, previous_refresh_hash, rotated_at,
      user_agent, address, amr, idle_expires_at, expires_at)
    select ${id('ses', 'n')}, ${id('usr', `(1 + n % ${users})`)}, 'cli_first-party', sha256(n::text::bytea),
      sha256((-n)::text::bytea), now(), ${AGENT}, '198.51.100.23', '{pwd}',
      now() + interval '14 days', now() + interval '90 days'
    from generate_series(1, ${count}::int) n`;
  await sql`
    insert into revocation_log (id, position, kind, key, reason, expires_at, actor_kind, actor_id,
      request_id, published_at)
    select ${id('evt', 'n')}, n, 'session', ${id('ses', 'n')}, 'logout', now() + interval '1 hour', 'user',
      ${id('usr', 'n')}, 'req_' || left(md5(n::text), 16), now()
    from generate_series(1, ${count}::int) n`;
  await sql`
    insert into audit_log (action, actor_kind, actor_id, target_kind, target_id, address, request_id,
      detail)
    select 'session.logged-in', 'user', ${id('usr', 'n')}, 'session', ${id('ses', 'n')},
      'sha256:' || encode(sha256(n::text::bytea), 'hex'), 'req_' || left(md5(n::text), 16),
      '{"amr": ["pwd"]}'
    from generate_series(1, ${count}::int) n`;
  await sql`
    update audit_log set position = sequence, previous_hash = sha256(sequence::text::bytea),
      hash = sha256((-sequence)::text::bytea)`;
  await sql`
    insert into audit_origins (commitment, address, salt)
    select 'sha256:' || encode(sha256(n::text::bytea), 'hex'), '198.51.100.23',
      substring(sha256(n::text::bytea) for 16)
    from generate_series(1, ${count}::int) n`;
  await sql`
    insert into mails (id, kind, user_id, request_id, settled_at, outcome)
    select ${id('mail', 'n')}, 'verify-email', ${id('usr', 'n')}, 'req_' || left(md5(n::text), 16), now(), 'sent'
    from generate_series(1, ${users}::int) n`;
  await sql`vacuum (full, analyze)`;
}

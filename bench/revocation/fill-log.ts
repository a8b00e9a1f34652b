import type { Sql } from 'postgres';

/**
 * Sessions that have ended, as a log that has seen so many within one life of a token holds them.
 *
 * @param sql to the database of auth, which does not run yet
 */
export async function fillLog(sql: Sql, entries: number): Promise<void> {
  // Ids made in the database, quickly: hexadecimal digits are Crockford's too.
  await sql`
    insert into revocation_log
      (id, position, kind, key, reason, expires_at, actor_kind, actor_id, request_id, published_at)
    select 'evt_0' || substr(md5('e' || n), 1, 25), n, 'session', 'ses_0' || substr(md5('s' || n), 1, 25),
      'logout', clock_timestamp() + interval '1 hour', 'system', 'bench', 'req_bench', clock_timestamp()
    from generate_series(1, ${entries}::int) n`;
  await sql`update log_head set position = ${entries}`;
  await sql`vacuum analyze revocation_log`;
}

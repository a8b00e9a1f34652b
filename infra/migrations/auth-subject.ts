/**
 * What auth does to its database in a login, a refresh, a logout and a round of the revocation protocol:
 * the locks, in their order, and the columns of the first schema, which all releases have.
 */
import { newId } from '@portcullis/contracts';
import { randomUUID } from 'node:crypto';
import type { Sql, TransactionSql } from 'postgres';
import { anyOf, requestOf } from './statements.ts';
import type { Subject } from './subject.ts';

/** Sessions of each user who was put in. */
const SESSIONS_EACH = 10;
const AT_WORK = { logIn: 4, refresh: 4, logOut: 2, number: 1, list: 1 };

let rows = SESSIONS_EACH;
const aSession = (): string => `ses_${anyOf(rows)}`;
const aUser = (): string => `usr_${anyOf(rows / SESSIONS_EACH)}`;

export const AUTH: Subject = {
  name: 'auth',
  async fill(sql, count) {
    rows = count;
    const users = count / SESSIONS_EACH;
    const [filled] = await sql`select 1 from users limit 1`;
    if (filled === undefined) await fillFirst(sql, users, count);
    const [mails] = await sql`select to_regclass('mails') is not null as there`;
    if (mails?.['there'] !== true) return;
    const [mailed] = await sql`select 1 from mails limit 1`;
    if (mailed !== undefined) return;
    await sql`
      insert into mails (id, kind, user_id, request_id, settled_at, outcome)
      select 'mail_' || n, 'verify-email', 'usr_' || n, 'req', now(), 'sent'
      from generate_series(1, ${users}::int) n`;
  },
  requests(sql) {
    const times = (count: number, work: () => Promise<unknown>) =>
      Array.from({ length: count }, () => requestOf(work));
    return [
      ...times(AT_WORK.logIn, async () => await sql.begin(logIn)),
      ...times(AT_WORK.refresh, async () => await sql.begin(refresh)),
      ...times(AT_WORK.logOut, async () => await sql.begin(logOut)),
      ...times(AT_WORK.number, async () => await sql.begin(number)),
      ...times(
        AT_WORK.list,
        () => sql`select id from sessions where user_id = ${aUser()} and ended_at is null`,
      ),
    ];
  },
};

async function fillFirst(sql: Sql, users: number, count: number): Promise<void> {
  await sql`
    insert into users (id, email, email_key, name)
    select 'usr_' || n, n || '@example.test', n || '@example.test', 'Ada'
    from generate_series(1, ${users}::int) n`;
  await sql`
    insert into sessions
      (id, user_id, client_id, refresh_hash, amr, idle_expires_at, expires_at)
    select 'ses_' || n, 'usr_' || 1 + n % ${users}::int, 'cli_first-party', sha256(n::text::bytea),
      '{pwd}', now() + interval '14 days', now() + interval '90 days'
    from generate_series(1, ${count}::int) n`;
  await sql`
    insert into audit_log (action, actor_kind, actor_id, target_kind, target_id, request_id)
    select 'session.opened', 'user', 'usr_' || n % ${users}::int, 'session', 'ses_' || n, 'req_' || n
    from generate_series(1, ${count}::int) n`;
  await sql`
    insert into revocation_log
      (id, position, kind, key, reason, expires_at, actor_kind, actor_id, request_id, published_at)
    select 'evt_' || n, n, 'session', 'ses_' || n, 'logout', now() + interval '1 hour', 'user',
      'usr_' || n, 'req_' || n, now()
    from generate_series(1, ${users}::int) n`;
  await sql`
    insert into log_head (epoch, position) values (${newId('epo')}, ${users}) on conflict do nothing`;
  await sql`insert into clients (id, name) values ('cli_first-party', 'x') on conflict do nothing`;
  await sql`insert into issuer (id) values (1) on conflict do nothing`;
  await sql`analyze`;
}

async function logIn(tx: TransactionSql): Promise<void> {
  const user = aUser();
  await tx`select id, status, generation from users where id = ${user} for update`;
  await tx`select generation from clients where id = 'cli_first-party' for share`;
  const session = `ses_${randomUUID()}`;
  await tx`
    insert into sessions (id, user_id, client_id, refresh_hash, amr, idle_expires_at, expires_at)
    values (${session}, ${user}, 'cli_first-party', sha256(${session}::bytea), '{pwd}',
      now() + interval '14 days', now() + interval '90 days')`;
  await tx`update users set last_login_at = now() where id = ${user}`;
  await audit(tx, 'session.opened', session);
}

async function refresh(tx: TransactionSql): Promise<void> {
  const session = aSession();
  await tx`select user_id, ended_at from sessions where id = ${session} for update`;
  await tx`select status, generation from users where id = ${aUser()}`;
  await tx`select generation from clients where id = 'cli_first-party'`;
  await tx`select generation from issuer`;
  await tx`
    update sessions set rotations = rotations + 1, last_used_at = now(),
      previous_refresh_hash = refresh_hash, refresh_hash = sha256(${randomUUID()}::bytea)
    where id = ${session}`;
}

async function logOut(tx: TransactionSql): Promise<void> {
  const session = aSession();
  const event = newId('evt');
  await tx`select id from users where id = ${aUser()} for update`;
  await tx`update sessions set ended_at = now(), ended_by = ${event} where id = ${session}`;
  await tx`
    insert into revocation_log
      (id, kind, key, reason, expires_at, actor_kind, actor_id, request_id)
    values (${event}, 'session', ${session}, 'logout', now() + interval '1 hour', 'user', 'usr_1',
      ${event})`;
  await audit(tx, 'session.ended', session);
}

async function number(tx: TransactionSql): Promise<void> {
  await tx`select position from log_head for update`;
  await tx`
    with waiting as (
      select id, row_number() over (order by occurred_at, id) as place from revocation_log
      where position is null
    ), placed as (
      update revocation_log l set position = h.position + w.place
      from waiting w, log_head h where l.id = w.id returning 1
    ) update log_head set position = position + (select count(*) from placed)`;
}

async function audit(tx: TransactionSql, action: string, target: string): Promise<void> {
  await tx`
    insert into audit_log (action, actor_kind, actor_id, target_kind, target_id, request_id)
    values (${action}, 'user', 'usr_1', 'session', ${target}, ${target})`;
}

/** Sessions that are long over are forgotten, and nothing else is. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPostgres, type PostgresConnection } from '../../src/database/database.ts';
import { forgetSessions } from '../../src/session/forget-sessions.ts';
import { startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;
let postgres: PostgresConnection;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
  postgres = system.bed.use(connectPostgres(system.bed.databaseUrls.auth, 'test'));
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

async function expiredAgo(session: string, interval: string): Promise<void> {
  await system.sql`
    update sessions set expires_at = clock_timestamp() - ${interval}::interval where id = ${session}`;
}

async function isThere(session: string): Promise<boolean> {
  return (await system.sql`select 1 from sessions where id = ${session}`).length === 1;
}

/** As the job does it: a step is a transaction. */
async function forgetAll(): Promise<void> {
  while (await postgres.database.transaction(forgetSessions));
}

/** Where what was done to a session was done from, by who did it. */
async function origins(session: string): Promise<Record<string, string | null>> {
  const rows = await system.sql`
    select a.actor_kind, o.address from audit_log a
    left join audit_origins o on o.commitment = a.address
    where a.target_kind = 'session' and a.target_id = ${session}`;
  return Object.fromEntries(rows.map((row) => [row['actor_kind'], row['address']]));
}

describe('sessions that are over', () => {
  it('are kept for 30 days, whether they were ended or not, and then forgotten', async () => {
    const user = await auth.newcomer();
    const [ended, shortly, long, living] = await Promise.all(
      Array.from({ length: 4 }, async () => await auth.logIn(user.email)),
    );
    if (!ended || !shortly || !long || !living) throw new Error('not logged in');
    const end = await auth.call('POST', '/v1/logout', { token: ended.access_token });
    expect(end.status).toBe(200);
    await expiredAgo(ended.session_id, '31 days');
    await expiredAgo(long.session_id, '30 days 1 minute');
    await expiredAgo(shortly.session_id, '29 days 23 hours');

    await forgetAll();

    for (const gone of [ended, long]) {
      expect(await isThere(gone.session_id)).toBe(false);
      const answer = await auth.refresh(gone.refresh_token);
      expect(answer.status).toBe(401);
      expect(answer.body.code).toBe('invalid_refresh_token');
      expect(await auth.accepts(gone.access_token)).toBe(false);
    }
    for (const kept of [shortly, living]) expect(await isThere(kept.session_id)).toBe(true);
    expect((await auth.refresh(living.refresh_token)).status).toBe(200);
  });

  it('old sessions go together with the origins of requests without an account', async () => {
    const user = await auth.newcomer();
    const [session, other] = [await auth.logIn(user.email), await auth.logIn(user.email)];
    for (const { refresh_token: used } of [session, other]) {
      const next = await auth.refresh(used);
      await auth.refresh(next.body.refresh_token);
      expect((await auth.refresh(used)).status).toBe(401);
    }
    const known = { user: '127.0.0.1', system: '127.0.0.1' };
    expect(await origins(session.session_id)).toEqual(known);
    await expiredAgo(session.session_id, '31 days');

    await forgetAll();

    expect(await origins(session.session_id)).toEqual({ ...known, system: null });
    expect(await origins(other.session_id)).toEqual(known);
  });

  it('old sessions all go, by thousands and with several instances at once; locked ones go later', async () => {
    const { email } = await auth.newcomer();
    const user = await system.idOf(email);
    await system.sql`
      insert into sessions (id, user_id, client_id, refresh_hash, amr, idle_expires_at, expires_at)
      select 'old-' || n, ${user}, 'cli_first-party', ${randomBytes(32)}, '{pwd}',
        clock_timestamp(), clock_timestamp() - interval '40 days' from generate_series(1, 2300) n`;
    const left = async () =>
      (await system.sql`select id from sessions where id like 'old-%'`).map((row) => row['id']);

    await system.sql.begin(async (tx) => {
      await tx`select 1 from sessions where id = 'old-7' for update`;
      await Promise.all(Array.from({ length: 3 }, () => forgetAll()));
      expect(await left()).toEqual(['old-7']);
    });
    await forgetAll();
    expect(await left()).toEqual([]);
  });
});

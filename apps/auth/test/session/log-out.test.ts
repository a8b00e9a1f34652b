/** Logging out: one session, all of them, all others; once, twice, and many times at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SESSION_LIMITS } from '../../src/timing/lifetimes.ts';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const logOut = (token: string) => auth.call('POST', '/v1/logout', { token });

async function cutsOf(key: string): Promise<number> {
  return (await system.sql`select 1 from revocation_log where key = ${key}`).length;
}

describe('logging out', () => {
  it('ends the session and answers with its receipt', async () => {
    const user = await auth.newcomer();
    const { status, body } = await logOut(user.access_token);
    expect(status).toBe(200);
    expect(body.revoked).toEqual({ kind: 'session', id: user.session_id });
    expect(body.published).toBe(true);
    expect(await auth.accepts(user.access_token)).toBe(false);
    expect((await auth.refresh(user.refresh_token)).status).toBe(401);
  });

  it('happens once, however many ask at once, and answers everyone', async () => {
    const user = await auth.newcomer();
    const answers = await Promise.all(Array.from({ length: 30 }, () => logOut(user.access_token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.committed_at)).size).toBe(1);
    expect(await cutsOf(user.session_id)).toBe(1);
  });

  it('answers a second time with the receipt of whatever ended the session', async () => {
    const user = await auth.newcomer();
    const other = await auth.logIn(user.email);
    const all = await auth.call('POST', '/v1/logout-all', { token: other.access_token });
    const { status, body } = await logOut(user.access_token);
    expect(status).toBe(200);
    expect(body.revoked).toEqual(all.body.revoked);
    expect(body.committed_at).toBe(all.body.committed_at);
  });

  it('is not open to tokens that were never good', async () => {
    const user = await auth.newcomer();
    const [header, payload, signature] = user.access_token.split('.') as [string, string, string];
    const forged = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const answers = [
      await auth.call('POST', '/v1/logout'),
      await logOut(forged),
      await logOut(user.refresh_token),
      await logOut(await auth.machineToken()),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 403]);
    expect(answers[0]?.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await auth.accepts(user.access_token)).toBe(true);
  });

  it('still works with a token whose roles are outdated', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    await system.sql`update users set generation = generation + 1 where id = ${id}`;
    expect(await auth.accepts(user.access_token)).toBe(false);
    expect((await logOut(user.access_token)).status).toBe(200);
    expect((await auth.refresh(user.refresh_token)).status).toBe(401);
  });
});

describe('logging out everywhere', () => {
  it('refuses every older token and accepts one of the same second', async () => {
    const user = await auth.newcomer();
    let live = user.access_token;
    for (let round = 0; round < 20; round += 1) {
      const { status } = await auth.call('POST', '/v1/logout-all?wait=0', { token: live });
      expect(status).toBe(200);
      const next = await auth.logIn(user.email);
      expect(await auth.accepts(live)).toBe(false);
      expect(await auth.accepts(next.access_token)).toBe(true);
      live = next.access_token;
    }
  });

  it('spares the current session when asked to, by ending the others one by one', async () => {
    const kept = await auth.newcomer();
    const others = [await auth.logIn(kept.email), await auth.logIn(kept.email)];
    const { status, body } = await auth.call('POST', '/v1/logout-all', {
      token: kept.access_token,
      body: { keep_current: true },
    });
    expect(status).toBe(200);
    expect(body.revoked.kind).toBe('sessions');
    expect(await auth.accepts(kept.access_token)).toBe(true);
    for (const { access_token: token } of others) expect(await auth.accepts(token)).toBe(false);
    for (const { session_id: id } of others) expect(await cutsOf(id)).toBe(1);
  });

  it('answers with a receipt when there are no others', async () => {
    const alone = await auth.newcomer();
    const { status } = await auth.call('POST', '/v1/logout-all', {
      token: alone.access_token,
      body: { keep_current: true },
    });
    expect(status).toBe(200);
    expect(await auth.accepts(alone.access_token)).toBe(true);
  });
});

describe('sessions', () => {
  it('are listed for their owner, and end one at a time', async () => {
    const user = await auth.newcomer();
    const other = await auth.logIn(user.email);
    const { body } = await auth.call('GET', '/v1/sessions', { token: user.access_token });
    const listed = body.sessions.map(({ id }: { id: string }) => id);
    expect(new Set(listed)).toEqual(new Set([user.session_id, other.session_id]));
    expect(listed).toHaveLength(2);
    const [current] = body.sessions.filter((one: { current: boolean }) => one.current);
    expect(current.id).toBe(user.session_id);

    const end = () =>
      auth.call('DELETE', `/v1/sessions/${other.session_id}`, { token: user.access_token });
    const once = await end();
    const twice = await end();
    expect([once.status, twice.status]).toEqual([200, 200]);
    expect(twice.body.committed_at).toBe(once.body.committed_at);
    expect(await auth.accepts(other.access_token)).toBe(false);
    expect(await auth.accepts(user.access_token)).toBe(true);
  });

  it('live and are as many as configured', async () => {
    const other = await system.start({
      PORTCULLIS_SESSION_IDLE_SECONDS: '600',
      PORTCULLIS_SESSION_SECONDS: '1200',
      PORTCULLIS_MAX_SESSIONS: '2',
    });
    const user = await other.newcomer();
    const lives = async (id: string) => {
      const [row] = await system.sql`
        select extract(epoch from idle_expires_at - last_used_at)::float8 as idle,
          extract(epoch from expires_at - auth_time)::float8 as absolute
        from sessions where id = ${id}`;
      return [Math.round(row?.['idle']), Math.round(row?.['absolute'])];
    };
    expect(await lives(user.session_id)).toEqual([600, 1_200]);
    // Where it was opened decides how long it lives, and where it was refreshed how long unused.
    expect((await auth.refresh(user.refresh_token)).status).toBe(200);
    expect(await lives(user.session_id)).toEqual([DEFAULT_SESSION_LIMITS.idleSeconds, 1_200]);
    await other.logIn(user.email);
    expect(await other.accepts(user.access_token)).toBe(true);
    await other.logIn(user.email);
    expect(await other.accepts(user.access_token)).toBe(false);
    const form = { email: user.email, password: PASSWORD, transport: 'cookie' };
    const inCookies = await other.call('POST', '/v1/login', {
      body: form,
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    expect(inCookies.headers.getSetCookie().join()).toContain('Max-Age=1200');
  });

  it('are no more than so many: one more ends the one that was used least recently', async () => {
    const user = await auth.newcomer();
    const { sql } = system;
    await sql`
      update sessions set last_used_at = last_used_at - interval '1 day' where id = ${user.session_id}`;
    const filler = (n: number) => `ses_${String(n).padStart(26, '0')}`;
    for (let n = 1; n < DEFAULT_SESSION_LIMITS.most; n += 1) {
      await sql`
        insert into sessions
          (id, user_id, client_id, refresh_hash, amr, idle_expires_at, expires_at)
        select ${filler(n)}, user_id, client_id, 'x', amr, idle_expires_at, expires_at
        from sessions where id = ${user.session_id}`;
    }
    const [one, two] = await Promise.all([auth.logIn(user.email), auth.logIn(user.email)]);
    const open = await sql`
      select s.id from sessions s join users u on u.id = s.user_id
      where u.email_key = ${user.email} and s.ended_at is null`;
    expect(open).toHaveLength(DEFAULT_SESSION_LIMITS.most);
    expect(await auth.accepts(user.access_token)).toBe(false);
    expect((await auth.refresh(user.refresh_token)).status).toBe(401);
    expect(await cutsOf(user.session_id)).toBe(1);
    for (const { access_token: token } of [one, two]) expect(await auth.accepts(token)).toBe(true);
    const audited = await sql`
      select 1 from audit_log where action = 'session.evicted'
        and detail -> 'sessions' ? ${user.session_id}`;
    expect(audited).toHaveLength(1);
  });

  it('count only while they live: one that has run out takes the place of none', async () => {
    const two = await system.start({ PORTCULLIS_MAX_SESSIONS: '2' });
    const user = await two.newcomer();
    const over = await two.logIn(user.email);
    await system.sql`
      update sessions set idle_expires_at = now() - interval '1 second' where id = ${over.session_id}`;
    const next = await two.logIn(user.email);
    for (const { access_token: token } of [user, next]) {
      expect(await two.accepts(token)).toBe(true);
    }
    await two.logIn(user.email);
    expect(await two.accepts(user.access_token)).toBe(false);
    expect(await two.accepts(next.access_token)).toBe(true);
    expect(await cutsOf(over.session_id)).toBe(0);
  });

  it('that no client was given do not stay', async () => {
    const one = await system.start({ PORTCULLIS_MAX_SESSIONS: '1' });
    const user = await one.newcomer();
    const { sql } = system;
    await sql`
      create function refuse_to_limit() returns trigger language plpgsql as
      $$ begin raise exception 'not now'; end $$`;
    await sql`
      create trigger refuse_to_limit before insert on audit_log for each row
      when (new.action = 'session.evicted') execute function refuse_to_limit()`;
    try {
      await expect(one.logIn(user.email)).rejects.toThrow(/50[03]/);
    } finally {
      await sql`drop trigger refuse_to_limit on audit_log`;
      await sql`drop function refuse_to_limit`;
    }
    const open = await sql`
      select s.id from sessions s join users u on u.id = s.user_id
      where u.email_key = ${user.email} and s.ended_at is null`;
    expect(open.map((row) => row['id'])).toEqual([user.session_id]);
    expect(await one.accepts(user.access_token)).toBe(true);
  });

  it('are no more than one where one is allowed, however many log in at once', async () => {
    const alone = { PORTCULLIS_MAX_SESSIONS: '1' };
    const instances = [await system.start(alone), await system.start(alone)];
    const { email } = await auth.newcomer();
    for (let round = 0; round < 10; round += 1) {
      const all = await Promise.all(
        Array.from({ length: 6 }, async (_, i) => await instances[i % 2]?.logIn(email)),
      );
      const open = await system.sql`
        select s.id from sessions s join users u on u.id = s.user_id
        where u.email_key = ${email} and s.ended_at is null`;
      expect(open.map((row) => row['id'])).toHaveLength(1);
      const last = all.find((tokens) => tokens?.session_id === open[0]?.['id']);
      expect(await auth.accepts(last?.access_token ?? '')).toBe(true);
    }
  }, 60_000);

  it('sessions of another user are answered like none', async () => {
    const user = await auth.newcomer();
    const stranger = await auth.newcomer();
    const { status, body } = await auth.call('DELETE', `/v1/sessions/${user.session_id}`, {
      token: stranger.access_token,
    });
    expect([status, body.code]).toEqual([404, 'not_found']);
    expect(await auth.accepts(user.access_token)).toBe(true);
  });
});

/** A login that asks for one more step: what it answers, what the step is bound to, and what ends it. */
import { FIRST_PARTY_CLIENT } from '@portcullis/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFactors, type Factor } from '../../src/login/factor.ts';
import { connectPostgres } from '../../src/database/database.ts';
import { forgetSessions } from '../../src/session/forget-sessions.ts';
import { requireRecentLogin } from '../../src/session/recent-login.ts';
import {
  ADMIN,
  MACHINE,
  partOf,
  PASSWORD,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';
import { DpopClient } from '../oauth/dpop-client.ts';
import { ACR, CodeFactor, outcome, proceed } from './code-factor.ts';

const OTHER = 'seven herons under a tin roof';
const TOKEN = /^plc_[\w-]{43}$/;

let factor: CodeFactor;
let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  factor = new CodeFactor();
  system = await startAuthSystem({
    factors: [factor],
    overrides: { PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1' },
  });
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const from = (address: string) => ({ 'x-forwarded-for': address });

const logIn = (email: string, headers: Record<string, string> = {}, password = PASSWORD) =>
  auth.call('POST', '/v1/login', { body: { email, password }, headers });

/** An account with a code, a session of before that, and a login that waits for the code. */
async function waiting(headers: Record<string, string> = {}) {
  const before = await auth.newcomer();
  const id = await system.idOf(before.email);
  const code = factor.enrol(id);
  const { status, body } = await logIn(before.email, headers);
  expect(status).toBe(200);
  const challenge: string = body.challenge.token;
  return { email: before.email, id, code, challenge, before };
}

const sessionsOf = async (id: string) =>
  await system.sql`select id, amr, acr from sessions where user_id = ${id} order by created_at`;

/** Statements that open a session for an answer, and wait for the account. */
async function answersWaiting(): Promise<number> {
  const rows = await system.sql`
    select 1 from pg_stat_activity
    where wait_event_type = 'Lock' and datname = current_database()
      and query like 'with "locked"%login_challenges%'`;
  return rows.length;
}

/** That neither the code nor anything else gets a session for this challenge. */
async function expectDead({ challenge, code, id }: Awaited<ReturnType<typeof waiting>>) {
  const before = (await sessionsOf(id)).length;
  expect(outcome(await proceed(auth, { challenge, answer: code }))).toBe('401 invalid_challenge');
  expect(await sessionsOf(id)).toHaveLength(before);
}

describe('a login of an account with a factor', () => {
  it('is answered with a challenge, and with nothing that lets anyone in', async () => {
    const before = await auth.newcomer();
    const { email } = before;
    const id = await system.idOf(email);
    factor.enrol(id);
    const [noted] = await system.sql`select last_login_at from users where id = ${id}`;
    const answer = await logIn(email);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      challenge: { token: expect.stringMatching(TOKEN), methods: ['code'], expires_in: 300 },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await sessionsOf(id)).toEqual([expect.objectContaining({ id: before.session_id })]);
    const [after] = await system.sql`select last_login_at from users where id = ${id}`;
    expect(after).toEqual(noted);
  });

  it('goes on with the right answer, and says in every token what it was', async () => {
    const { id, code, challenge, before } = await waiting();
    const { status, body } = await proceed(auth, { challenge, answer: code });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(Object.keys(before).filter((name) => name !== 'email'));
    const said = { sub: id, sid: body.session_id, amr: ['pwd', 'otp'], acr: ACR };
    expect(partOf(body.access_token, 1)).toMatchObject(said);
    expect(await auth.accepts(body.access_token)).toBe(true);
    const refreshed = await auth.refresh(body.refresh_token);
    expect(partOf(refreshed.body.access_token, 1)).toMatchObject(said);
    const [entry] = await system.sql`
      select actor_id, detail from audit_log
      where action = 'session.logged-in' and target_id = ${body.session_id}`;
    expect(entry).toEqual({ actor_id: id, detail: { amr: ['pwd', 'otp'], acr: ACR } });
    const challenged = await system.sql`
      select detail from audit_log where action = 'login.challenged' and target_id = ${id}`;
    expect(challenged).toEqual([{ detail: { methods: ['code'] } }]);
    const metrics = await (await fetch(`${auth.url}/metrics`)).text();
    expect(metrics).toMatch(/portcullis_auth_logins_total\{outcome="challenged".*\} [1-9]/);
  });

  it('is the same by a form and over tRPC', async () => {
    const { email, code } = await waiting();
    const form = { grant_type: 'password', username: email, password: PASSWORD };
    const byForm = await auth.call('POST', '/v1/login', { form });
    expect(Object.keys(byForm.body)).toEqual(['challenge']);
    const body = { email, password: PASSWORD };
    const { challenge } = (await auth.call('POST', '/trpc/login', { body })).body.result.data;
    const next = { challenge: challenge.token, method: 'code', answer: code };
    const done = await auth.call('POST', '/trpc/continueLogin', { body: next });
    expect(await auth.accepts(done.body.result.data.access_token)).toBe(true);
    const unsupported = await auth.call('POST', '/v1/login/continue', { form: next });
    expect(outcome(unsupported)).toBe('415 unsupported_media_type');
  });

  it('sets cookies with the session, and none with the challenge', async () => {
    const { email, code } = await waiting();
    const own = { 'sec-fetch-site': 'same-origin' };
    const body = { email, password: PASSWORD, transport: 'cookie' };
    const first = await auth.call('POST', '/v1/login', { body, headers: own });
    expect(Object.keys(first.body)).toEqual(['challenge']);
    expect(first.headers.getSetCookie()).toEqual([]);
    const next = {
      challenge: first.body.challenge.token,
      answer: code,
      transport: 'cookie',
    } as const;
    const foreign = await proceed(auth, next, { 'sec-fetch-site': 'cross-site' });
    expect(outcome(foreign)).toBe('403 cross_site');
    const wrong = await proceed(auth, { ...next, answer: 'wrong' }, own);
    expect([outcome(wrong), wrong.headers.getSetCookie()]).toEqual(['401 challenge_failed', []]);
    const done = await proceed(auth, next, own);
    expect(Object.keys(done.body).toSorted()).toEqual(['expires_in', 'session_id', 'transport']);
    expect(done.headers.getSetCookie()).toHaveLength(2);
  });

  it('leaves an account without one as it was', async () => {
    const user = await auth.newcomer();
    const claims = partOf(user.access_token, 1);
    expect(claims['amr']).toEqual(['pwd']);
    expect(Object.keys(claims)).not.toContain('acr');
    const [session] = await sessionsOf(claims['sub']);
    expect(session).toMatchObject({ amr: ['pwd'], acr: null });
    const [entry] = await system.sql`
      select detail from audit_log
      where action = 'session.logged-in' and target_id = ${user.session_id}`;
    expect(entry).toEqual({ detail: { amr: ['pwd'] } });
  });

  it('refuses a wrong password as ever', async () => {
    const { email } = await waiting();
    expect(outcome(await logIn(email, {}, 'not the right password'))).toBe(
      '401 invalid_credentials',
    );
  });
});

describe('a challenge', () => {
  it('may be answered again after a wrong answer, and is used up by a right one', async () => {
    const { id, code, challenge } = await waiting();
    const wrong = await proceed(auth, { challenge, answer: 'wrong' });
    expect(outcome(wrong)).toBe('401 challenge_failed');
    expect(outcome(await proceed(auth, { challenge, answer: code }))).toBe('200 done');
    expect(outcome(await proceed(auth, { challenge, answer: code }))).toBe('401 invalid_challenge');
    expect(await sessionsOf(id)).toHaveLength(2);
  });

  it('is over after five wrong answers, with a row in the trail', async () => {
    const user = await waiting();
    for (let n = 0; n < 5; n += 1) {
      const wrong = await proceed(auth, { challenge: user.challenge, answer: `wrong ${n}` });
      expect(outcome(wrong)).toBe('401 challenge_failed');
    }
    const looked = factor.checks;
    await expectDead(user);
    expect(factor.checks).toBe(looked);
    const entries = await system.sql`
      select actor_id from audit_log
      where action = 'login.challenge-exhausted' and target_id = ${user.id}`;
    expect(entries).toEqual([{ actor_id: user.id }]);
    const told = await system.sql`select kind from mails where user_id = ${user.id}`;
    expect(told).toContainEqual({ kind: 'second-step-failed' });
  });

  it('expires, and is forgotten', async () => {
    const user = await waiting();
    await system.sql`
      update login_challenges set expires_at = clock_timestamp() where user_id = ${user.id}`;
    await expectDead(user);
    const { email } = await waiting();
    await using postgres = connectPostgres(system.bed.databaseUrls.auth, 'test');
    while (await postgres.database.transaction(forgetSessions));
    const left = await system.sql`
      select u.email_key from login_challenges c join users u on u.id = c.user_id
      where u.id = ${user.id} or u.email_key = ${email}`;
    expect(left).toEqual([{ email_key: email }]);
  });

  it('lets in its own account, and no other', async () => {
    const one = await waiting();
    const other = await waiting();
    const crossed = await proceed(auth, { challenge: one.challenge, answer: other.code });
    expect(outcome(crossed)).toBe('401 challenge_failed');
    const { body } = await proceed(auth, { challenge: one.challenge, answer: one.code });
    expect(partOf(body.access_token, 1)['sub']).toBe(one.id);
    expect(await sessionsOf(other.id)).toHaveLength(1);
  });

  it('is answered alike whatever is wrong with it', async () => {
    const used = await waiting();
    await proceed(auth, { challenge: used.challenge, answer: used.code });
    const expired = await waiting();
    await system.sql`
      update login_challenges set expires_at = clock_timestamp() where user_id = ${expired.id}`;
    const disabled = await waiting();
    await system.sql`update users set status = 'disabled' where id = ${disabled.id}`;
    const elsewhere = await waiting(from('192.0.2.1'));
    const tokens = [used, expired, disabled, elsewhere].map(({ challenge }) => challenge);
    const comparable = ({ status, headers, body }: Answer) => ({
      status,
      body: { ...body, request_id: '' },
      headers: [...headers.keys()],
    });
    const answers = [];
    for (const challenge of [`plc_${'A'.repeat(43)}`, 'x', '%', ...tokens]) {
      answers.push(comparable(await proceed(auth, { challenge, answer: 'any' })));
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ status: 401, body: { code: 'invalid_challenge' } });
  });

  it('takes the methods that it names, and says so of another', async () => {
    const { code, challenge } = await waiting();
    const looked = factor.checks;
    const { status, body } = await proceed(auth, { challenge, answer: code, method: 'passkey' });
    expect([status, body.issues]).toEqual([400, [expect.objectContaining({ path: 'method' })]]);
    expect(factor.checks).toBe(looked);
    expect(outcome(await proceed(auth, { challenge, answer: code }))).toBe('200 done');
  });

  it('has no secret in its row, and none in the trail', async () => {
    const { id, code, challenge } = await waiting();
    await proceed(auth, { challenge, answer: 'a wrong answer' });
    const rows = await system.sql`
      select c::text as row from login_challenges c where user_id = ${id}
      union all select a::text from audit_log a`;
    const text = JSON.stringify(rows);
    expect(text).toContain(id);
    for (const secret of [challenge, challenge.slice(4), code, 'a wrong answer']) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('hex'));
    }
  });
});

describe('between the two steps', () => {
  const actorDoes = async (verb: string, id: string, more: object = {}) => {
    const actor = await system.idOf(ADMIN.email);
    const input = { user_id: id, actor, wait: 0, ...more };
    const { status } = await auth.machine(`accounts.${verb}`, input);
    expect(status).toBe(200);
  };

  it.each(['disable', 'remove', 'logout'])('%s by an administrator ends it', async (verb) => {
    const user = await waiting();
    await actorDoes(verb, user.id);
    await expectDead(user);
    if (verb === 'remove') {
      const left = await system.sql`select 1 from login_challenges where user_id = ${user.id}`;
      expect(left).toEqual([]);
    }
  });

  it('ending what the first-party client holds ends it, and what another one holds does not', async () => {
    const [ended, kept] = [await waiting(), await waiting()];
    await actorDoes('logout', ended.id, { client_id: FIRST_PARTY_CLIENT });
    await expectDead(ended);
    await actorDoes('logout', kept.id, { client_id: MACHINE.id });
    const { body, ...answer } = await proceed(auth, {
      challenge: kept.challenge,
      answer: kept.code,
    });
    expect(answer.status).toBe(200);
    expect(await auth.accepts(body.access_token)).toBe(true);
  });

  it('an answer that waits for the account goes on when what another client holds was ended meanwhile', async () => {
    const user = await waiting();
    const { id, challenge, code } = user;
    let answered: Promise<Answer> | undefined;
    await system.sql.begin(async (tx) => {
      await tx`select 1 from users where id = ${id} for update`;
      answered = proceed(auth, { challenge, answer: code });
      await expect.poll(answersWaiting, { timeout: 1_800 }).toBe(1);
      await tx`update users set client_revocations = client_revocations + 1 where id = ${id}`;
    });
    if (answered === undefined) throw new Error('nothing was answered');
    const { status, body } = await answered;
    expect(status).toBe(200);
    const opened = { id: body.session_id, amr: ['pwd', 'otp'], acr: ACR };
    expect(await sessionsOf(id)).toContainEqual(opened);
    await expectDead(user);
  });

  it('an account that was disabled and enabled again has to begin anew', async () => {
    const user = await waiting();
    await actorDoes('disable', user.id);
    await auth.machine('accounts.enable', {
      user_id: user.id,
      actor: await system.idOf(ADMIN.email),
    });
    await expectDead(user);
  });

  it('another password ends it', async () => {
    const user = await waiting();
    const { body } = await proceed(auth, { challenge: user.challenge, answer: user.code });
    const second = await logIn(user.email);
    const changed = await auth.call('POST', '/v1/password/change?wait=0', {
      token: body.access_token,
      body: { current_password: PASSWORD, new_password: OTHER },
    });
    expect(outcome(changed)).toBe('200 done');
    await expectDead({ ...user, challenge: second.body.challenge.token });
  });

  it.each([false, true])('a logout everywhere ends it, keep_current: %s', async (keep_current) => {
    const user = await waiting();
    const token = user.before.access_token;
    const ended = await auth.call('POST', '/v1/logout-all?wait=0', {
      token,
      body: { keep_current },
    });
    expect(outcome(ended)).toBe('200 done');
    expect(await auth.accepts(token)).toBe(keep_current);
    await expectDead(user);
  });

  it('the client stays in its network', async () => {
    const user = await waiting(from('192.0.2.7'));
    const { challenge, code } = user;
    const elsewhere = await proceed(auth, { challenge, answer: code }, from('192.0.2.8'));
    expect(outcome(elsewhere)).toBe('401 invalid_challenge');
    const own = await proceed(auth, { challenge, answer: code }, from('192.0.2.7'));
    expect(outcome(own)).toBe('200 done');
    const six = await waiting(from('2001:db8:1:2::1'));
    const same = { challenge: six.challenge, answer: six.code };
    expect(outcome(await proceed(auth, same, from('2001:db8:1:3::1')))).toBe(
      '401 invalid_challenge',
    );
    expect(outcome(await proceed(auth, same, from('2001:db8:1:2::ffff')))).toBe('200 done');
  });

  it('the client keeps its key', async () => {
    const user = await auth.newcomer();
    const code = factor.enrol(await system.idOf(user.email));
    const [client, other] = await Promise.all([DpopClient.create(), DpopClient.create()]);
    const body = { email: user.email, password: PASSWORD };
    const path = '/v1/login/continue';
    const next = (answer: Answer) => ({
      challenge: answer.body.challenge.token,
      method: 'code',
      answer: code,
    });
    const bound = next(await client.ask(auth, '/v1/login', { body }));
    expect(outcome(await auth.call('POST', path, { body: bound }))).toBe('401 invalid_challenge');
    expect(outcome(await other.ask(auth, path, { body: bound }))).toBe('401 invalid_challenge');
    const done = await client.ask(auth, path, { body: bound });
    expect(done.body.token_type).toBe('DPoP');
    expect(partOf(done.body.access_token, 1)['cnf']).toEqual({ jkt: client.jkt });
    const unbound = next(await logIn(user.email));
    expect(outcome(await client.ask(auth, path, { body: unbound }))).toBe('401 invalid_challenge');
    expect(outcome(await auth.call('POST', path, { body: unbound }))).toBe('200 done');
  });

  it('an account that loses its factor is not let in by a challenge for it', async () => {
    const user = await waiting();
    factor.enrol(user.id, 'another code');
    const answered = await proceed(auth, { challenge: user.challenge, answer: user.code });
    expect(outcome(answered)).toBe('401 challenge_failed');
  });
});

describe('what one logs in with', () => {
  const passwords = { current_password: PASSWORD, new_password: OTHER };
  const changes: [string, unknown][] = [
    ['/v1/email/change', { email: 'new@example.test' }],
    ['/v1/password/change?wait=0', passwords],
  ];

  it('is changed by a login with the factor, where the account has one', async () => {
    const user = await waiting();
    const weak = user.before.access_token;
    for (const [path, body] of changes) {
      const refused = await auth.call('POST', path, { token: weak, body });
      expect(outcome(refused)).toBe('401 login_too_weak');
      expect(refused.headers.get('www-authenticate')).toBe(
        `Bearer realm="portcullis", error="insufficient_user_authentication", acr_values="${ACR}", max_age="900"`,
      );
    }
    const { body } = await proceed(auth, { challenge: user.challenge, answer: user.code });
    for (const [path, change] of changes) {
      const done = await auth.call('POST', path, { token: body.access_token, body: change });
      expect(outcome(done)).toBe('200 done');
    }
  });

  it('may demand a class or a method of the login, beside a recent one', async () => {
    const user = await waiting();
    const { body } = await proceed(auth, { challenge: user.challenge, answer: user.code });
    await using postgres = connectPostgres(system.bed.databaseUrls.auth, 'test');
    const { database } = postgres;
    const [weak, strong] = [user.before.session_id, body.session_id];
    const demands = async (id: typeof weak, demand: Parameters<typeof requireRecentLogin>[2]) =>
      await requireRecentLogin(database, id, demand).then(
        () => 'enough',
        (error: { code?: string }) => error.code,
      );
    expect(await demands(weak, {})).toBe('enough');
    expect(await demands(weak, { amr: ['otp'] })).toBe('login_too_weak');
    expect(await demands(weak, { acr: [ACR] })).toBe('login_too_weak');
    expect(await demands(weak, { amr: ['hwk', 'pwd'] })).toBe('enough');
    expect(await demands(strong, { acr: ['urn:example:better', ACR], amr: ['otp'] })).toBe(
      'enough',
    );
    expect(await demands(strong, { acr: ['urn:example:better'] })).toBe('login_too_weak');
    expect(await demands(strong, { acr: [], amr: [] })).toBe('login_too_weak');
    await system.sql`
      update sessions set auth_time = auth_time - interval '16 minutes' where id = ${strong}`;
    expect(await demands(strong, { acr: [ACR] })).toBe('login_too_old');
    expect(await demands(strong, { acr: ['urn:example:better'] })).toBe('login_too_weak');
  });
});

describe('factors that no token could name are refused at the start:', () => {
  const good: Factor = {
    method: 'code',
    amr: ['otp'],
    isEnrolled: async () => false,
    check: async () => false,
  };
  it.each<[string, readonly Factor[]]>([
    ['a name in capitals', [{ ...good, method: 'Code' }]],
    ['no name', [{ ...good, method: '' }]],
    ['no amr', [{ ...good, amr: [] }]],
    ['an amr that is too long', [{ ...good, amr: ['x'.repeat(17)] }]],
    ['too many', [{ ...good, amr: Array.from({ length: 8 }, (_, n) => `x${n}`) }]],
    ['the password once more', [{ ...good, amr: ['pwd'] }]],
    ['an empty acr', [{ ...good, acr: '' }]],
    ['an acr of two words', [{ ...good, acr: 'mfa phr' }]],
    ['an acr with a quote', [{ ...good, acr: 'm"fa' }]],
    ['an acr that is too long', [{ ...good, acr: 'x'.repeat(129) }]],
    ['two of one name', [good, good]],
  ])('%s', (_, factors) => {
    expect(() => createFactors(factors)).toThrow(TypeError);
  });
});

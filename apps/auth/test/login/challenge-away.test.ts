/** What a login that asks for one more step does while a server is unavailable, and what it counts. */
import {
  startPrivateRedis,
  startTcpProxy,
  TestProcess,
  SOURCE_RUNNER,
  freePort,
} from '@portcullis/testbed';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';
import { CodeFactor, outcome, proceed } from './code-factor.ts';
import { overRedis } from './over-redis.ts';

let factor: CodeFactor;
let system: AuthSystem;

beforeAll(async () => {
  factor = new CodeFactor();
  system = await startAuthSystem({
    factors: [factor],
    overrides: { PORTCULLIS_RATE_LIMIT_SCALE: '1', PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1' },
  });
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

let network = 0;
/** Each test comes from a network of its own. */
const from = () => ({ 'x-forwarded-for': `198.51.100.${(network += 1)}` });
type Headers = Record<string, string>;

const attempt = (email: string, headers: Headers, on: AuthInstance, password = PASSWORD) =>
  on.call('POST', '/v1/login', { body: { email, password }, headers });

async function newUser(on: AuthInstance) {
  const { email } = await on.newcomer();
  const id = await system.idOf(email);
  return { email, id, code: factor.enrol(id) };
}

async function challengeFor(email: string, headers: Headers, on: AuthInstance): Promise<string> {
  const { status, body } = await attempt(email, headers, on);
  expect(status).toBe(200);
  return body.challenge.token;
}

const sessionsOf = async (id: string): Promise<number> => {
  const rows = await system.sql`select 1 from sessions where user_id = ${id} and ended_at is null`;
  return rows.length;
};

describe('between the two steps', () => {
  it('Postgres is unavailable: 503, and the challenge is as good as before', async () => {
    await using proxy = await startTcpProxy(system.bed.databaseUrls.auth);
    const auth = await system.start({ DATABASE_URL: proxy.through(system.bed.databaseUrls.auth) });
    const { email, id, code } = await newUser(auth);
    const client = from();
    const challenge = await challengeFor(email, client, auth);
    proxy.cut();
    const refused = await Promise.all([
      proceed(auth, { challenge, answer: code }, client),
      proceed(auth, { challenge, answer: 'wrong' }, client),
      proceed(auth, { challenge: `plc_${'A'.repeat(43)}`, answer: code }, client),
    ]);
    for (const answer of refused) {
      expect(outcome(answer)).toBe('503 unavailable');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    proxy.mend();
    await expect
      .poll(async () => outcome(await proceed(auth, { challenge, answer: code }, client)))
      .toBe('200 done');
    expect(await sessionsOf(id)).toBe(2);
  });

  it('Postgres goes away while the answer is looked at: 503, and no session', async () => {
    await using proxy = await startTcpProxy(system.bed.databaseUrls.auth);
    const auth = await system.start({ DATABASE_URL: proxy.through(system.bed.databaseUrls.auth) });
    const { email, id, code } = await newUser(auth);
    const client = from();
    const challenge = await challengeFor(email, client, auth);
    const looked = factor.checks;
    let open = (): void => {};
    factor.gate = new Promise<void>((resolve) => (open = resolve));
    const answered = proceed(auth, { challenge, answer: code }, client);
    await expect.poll(() => factor.checks).toBe(looked + 1);
    proxy.cut();
    open();
    expect(outcome(await answered)).toBe('503 unavailable');
    expect(await sessionsOf(id)).toBe(1);
    proxy.mend();
    await expect
      .poll(async () => outcome(await proceed(auth, { challenge, answer: code }, client)))
      .toBe('200 done');
  });

  it('the factor cannot be asked: 503, which is no wrong answer', async () => {
    const { auth } = system;
    const { email, code } = await newUser(auth);
    const client = from();
    let challenge = '';
    // More than may be wrong.
    for (let n = 0; n < 12; n += 1) {
      if (n % 4 === 0) challenge = await challengeFor(email, client, auth);
      const fault = new Error('connect ECONNREFUSED 127.0.0.1:1');
      factor.fault = Object.assign(fault, { code: 'ECONNREFUSED' });
      const refused = await proceed(auth, { challenge, answer: code }, client);
      expect(outcome(refused)).toBe('503 unavailable');
    }
    const done = await proceed(auth, { challenge, answer: code }, client);
    expect(outcome(done)).toBe('200 done');
  });

  it('Redis is unavailable: the login goes on, counted by this instance alone', async () => {
    await using redis = await startPrivateRedis();
    await using proxy = await startTcpProxy(redis.url);
    const auth = await system.start({ REDIS_URL: proxy.through(redis.url) });
    const { email, code, id } = await newUser(auth);
    const client = from();
    const [first, second] = [
      await challengeFor(email, client, auth),
      await challengeFor(email, client, auth),
    ];
    proxy.cut();
    expect(outcome(await proceed(auth, { challenge: first, answer: 'wrong' }, client))).toBe(
      '401 challenge_failed',
    );
    expect(outcome(await proceed(auth, { challenge: first, answer: code }, client))).toBe(
      '200 done',
    );
    const outcomes = [];
    for (let n = 0; n < 12; n += 1) {
      outcomes.push(outcome(await proceed(auth, { challenge: second, answer: 'wrong' }, client)));
    }
    expect(outcomes.filter((one) => one === '401 challenge_failed')).toHaveLength(5);
    expect(new Set(outcomes.slice(5))).not.toContain('200 done');
    expect(await sessionsOf(id)).toBe(2);
  });
});

describe('what is counted', () => {
  it('an answer counts as a password does, and a password alone takes nothing off', async () => {
    await overRedis(system, async () => {
      const { auth } = system;
      const { email, code } = await newUser(auth);
      const client = from();
      // Ten may be wrong. Six passwords that are right, and are not enough; four wrong answers.
      const challenges: string[] = [];
      for (let n = 0; n < 6; n += 1) challenges.push(await challengeFor(email, client, auth));
      const [challenge = ''] = challenges;
      for (let n = 0; n < 4; n += 1) {
        const wrong = await proceed(auth, { challenge, answer: 'wrong' }, client);
        expect(outcome(wrong)).toBe('401 challenge_failed');
      }
      const last = { challenge: challenges[1] ?? '', answer: code };
      expect(outcome(await proceed(auth, last, client))).toBe('429 rate_limited');
      expect(outcome(await attempt(email, client, auth))).toBe('429 rate_limited');
      const elsewhere = from();
      const other = await challengeFor(email, elsewhere, auth);
      const done = await proceed(auth, { challenge: other, answer: code }, elsewhere);
      expect(outcome(done)).toBe('200 done');
    });
  });

  it('a whole login takes off what its steps have counted, in the network too', async () => {
    await using redis = await startPrivateRedis();
    const auth = await system.start({ REDIS_URL: redis.url });
    const { email, code } = await newUser(auth);
    const client = from();
    const admin = new Redis(redis.url);
    /** Over all keys of the limit. */
    const counted = async (limit: string): Promise<number> => {
      const keys = await admin.keys(`*:limit:${limit}:*`);
      const counts = await Promise.all(keys.map(async (key) => Number(await admin.get(key))));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    try {
      const before = await counted('login_network');
      const first = await challengeFor(email, client, auth);
      expect(await counted('login_network')).toBe(before + 1);
      expect(await counted('login_account')).toBe(1);
      await proceed(auth, { challenge: first, answer: 'wrong' }, client);
      expect(await counted('login_account')).toBe(2);
      await proceed(auth, { challenge: first, answer: code }, client);
      // What was wrong stays in the network.
      await expect.poll(() => counted('login_account')).toBe(0);
      await expect.poll(() => counted('login_network')).toBe(before + 1);
      for (let n = 0; n < 15; n += 1) {
        const challenge = await challengeFor(email, client, auth);
        expect(outcome(await proceed(auth, { challenge, answer: code }, client))).toBe('200 done');
      }
      await expect.poll(() => counted('login_network')).toBe(before + 1);
      expect(await counted('login_attacked')).toBe(1);
    } finally {
      admin.disconnect();
    }
  });

  it('wrong answers from many networks are an attack on the account', async () => {
    await overRedis(system, async () => {
      const { auth } = system;
      const { email, code } = await newUser(auth);
      const owner = from();
      const login = await challengeFor(email, owner, auth);
      expect(outcome(await proceed(auth, { challenge: login, answer: code }, owner))).toBe(
        '200 done',
      );
      // Thirty: fifteen passwords, and of the answers fewer than may be wrong for one user.
      for (let n = 0; n < 3; n += 1) {
        const attacker = from();
        const challenge = await challengeFor(email, attacker, auth);
        for (let wrong = 0; wrong < 5; wrong += 1) {
          await proceed(auth, { challenge, answer: 'wrong' }, attacker);
        }
      }
      for (const tries of [10, 5]) {
        const guesser = from();
        for (let n = 0; n < tries; n += 1) await attempt(email, guesser, auth, 'a wrong password');
      }
      // An unknown network has three attempts left: a login, and two answers.
      const attacker = from();
      const challenge = await challengeFor(email, attacker, auth);
      const outcomes = [];
      for (let n = 0; n < 3; n += 1) {
        outcomes.push(outcome(await proceed(auth, { challenge, answer: 'wrong' }, attacker)));
      }
      expect(outcomes).toEqual([
        '401 challenge_failed',
        '401 challenge_failed',
        '429 rate_limited',
      ]);
      const again = await challengeFor(email, owner, auth);
      for (let n = 0; n < 4; n += 1) {
        await proceed(auth, { challenge: again, answer: 'wrong' }, owner);
      }
      const done = await proceed(auth, { challenge: again, answer: code }, owner);
      expect(outcome(done)).toBe('200 done');
      const attacks = () => system.sql`
      select 1 from audit_log where action = 'login.attack-detected'`;
      await expect.poll(async () => (await attacks()).length).toBeGreaterThan(0);
    });
  });
});

it('writes no secret to the log', async () => {
  const port = await freePort();
  const secrets = { code: `code-${'c'.repeat(24)}`, wrong: `wrong-${'w'.repeat(24)}` };
  const env = system.settings(port, { LOG_LEVEL: 'trace', NODE_ENV: 'test' });
  await using loud = new TestProcess({
    name: 'auth with a factor',
    command: process.execPath,
    args: [...SOURCE_RUNNER, 'apps/auth/test/login/auth-process.ts'],
    env: { ...env, TEST_CODE: secrets.code },
  });
  const ready = async () =>
    await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(ready, { timeout: 60_000 }).toBe(200);
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };
  const { email } = await system.auth.newcomer();
  const login = await post('/v1/login', { email, password: PASSWORD });
  const challenge: string = login.body.challenge.token;
  const wrong = { challenge, method: 'code', answer: secrets.wrong };
  expect((await post('/v1/login/continue', wrong)).status).toBe(401);
  expect((await post('/trpc/continueLogin', wrong)).status).toBe(401);
  expect((await post('/v1/login/continue', { ...wrong, method: 'other' })).status).toBe(400);
  expect((await post('/v1/login/continue', { ...wrong, extra: secrets.wrong })).status).toBe(400);
  const right = { challenge, method: 'code', answer: secrets.code };
  const done = await post('/v1/login/continue', right);
  expect(done.status).toBe(200);
  expect((await post('/v1/login/continue', right)).status).toBe(401);
  await sleep(200);
  expect(loud.log).toContain('/v1/login/continue');
  const found = [challenge, ...Object.values(secrets), done.body.refresh_token, PASSWORD].filter(
    (secret) => loud.log.includes(secret),
  );
  expect(found).toEqual([]);
}, 120_000);

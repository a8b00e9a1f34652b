/**
 * Who has the password may open one challenge after another, from any number of networks: how many answers are
 * looked at is bounded by user. And the owner still gets in where they have a session.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';
import { CodeFactor, outcome, proceed } from './code-factor.ts';
import { overRedis } from './over-redis.ts';

const DAY_S = 86_400;

let factor: CodeFactor;
let system: AuthSystem;

beforeAll(async () => {
  factor = new CodeFactor();
  system = await startAuthSystem({
    instances: 2,
    factors: [factor],
    overrides: { PORTCULLIS_RATE_LIMIT_SCALE: '1', PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1' },
  });
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

let network = 0;
const from = () => {
  network += 1;
  return { 'x-forwarded-for': `198.51.${network >> 8}.${network & 255}` };
};
type Headers = Record<string, string>;

const anyInstance = (n: number): AuthInstance => system.instances[n % 2] ?? system.auth;

async function newUser() {
  const { email } = await system.auth.newcomer();
  const id = await system.idOf(email);
  return { email, id, code: factor.enrol(id) };
}

async function challengeFor(email: string, headers: Headers): Promise<string> {
  const body = { email, password: PASSWORD };
  const answer = await system.auth.call('POST', '/v1/login', { body, headers });
  expect(answer.status).toBe(200);
  return answer.body.challenge.token;
}

/** A challenge for each of so many networks. */
async function challengesFor(email: string, networks: number) {
  const challenges = [];
  for (let n = 0; n < networks; n += 1) {
    const headers = from();
    challenges.push({ headers, challenge: await challengeFor(email, headers) });
  }
  return challenges;
}

describe('answers to the challenges of one user', () => {
  it('of fifty at once, to ten challenges on two instances, twenty are looked at', async () => {
    await overRedis(system, async () => {
      const { email, id, code } = await newUser();
      const home = from();
      const first = await challengeFor(email, home);
      const login = await proceed(system.auth, { challenge: first, answer: code }, home);
      expect(outcome(login)).toBe('200 done');
      const challenges = await challengesFor(email, 10);
      const looked = factor.checks;
      let open = (): void => {};
      factor.gate = new Promise<void>((resolve) => (open = resolve));
      let answered = 0;
      const asked = challenges.flatMap(({ challenge, headers }, at) =>
        Array.from({ length: 5 }, async (_, n) => {
          const given = { challenge, answer: `wrong ${n}` };
          const answer = await proceed(anyInstance(at + n), given, headers);
          answered += 1;
          return answer;
        }),
      );
      try {
        // The others are refused before the first turns out wrong: after that the account is under attack as well.
        const counts = () => [factor.checks - looked, answered];
        await expect.poll(counts, { timeout: 20_000 }).toEqual([20, 30]);
      } finally {
        open();
      }
      const answers = await Promise.all(asked);
      const count = (kind: string) => answers.filter((one) => outcome(one) === kind).length;
      expect([count('401 challenge_failed'), count('429 rate_limited')]).toEqual([20, 30]);
      expect(factor.checks).toBe(looked + 20);
      for (const { status, headers } of answers) {
        if (status !== 429) continue;
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(DAY_S - 600);
        expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(DAY_S);
      }

      // Not even the right one, from a network without a session.
      const [other = { challenge: '', headers: home }] = await challengesFor(email, 1);
      const right = { challenge: other.challenge, answer: code };
      expect(outcome(await proceed(system.auth, right, other.headers))).toBe('429 rate_limited');
      expect(factor.checks).toBe(looked + 20);
      const mine = { challenge: await challengeFor(email, home), answer: code };
      const mistyped = await proceed(system.auth, { ...mine, answer: 'wrong' }, home);
      expect(outcome(mistyped)).toBe('401 challenge_failed');
      expect(outcome(await proceed(system.auth, mine, home))).toBe('200 done');

      const noted = () => system.sql`
        select detail from audit_log
        where action = 'login.attack-detected' and target_kind = 'user' and target_id = ${id}`;
      await expect.poll(noted).toEqual([{ detail: { kind: 'challenge' } }]);
    });
    const metrics = await Promise.all(
      system.instances.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
    );
    expect(metrics.join()).toMatch(
      /portcullis_auth_attacks_total\{[^}]*kind="challenge".*\} [1-9]/,
    );
  });

  it('that are right, or cannot be checked, leave nothing on the count', async () => {
    await overRedis(system, async () => {
      const { email, code } = await newUser();
      for (let n = 0; n < 35; n += 1) {
        const headers = from();
        const challenge = await challengeFor(email, headers);
        if (n % 2 === 1) factor.fault = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
        const answer = await proceed(anyInstance(n), { challenge, answer: code }, headers);
        expect(outcome(answer)).toBe(n % 2 === 1 ? '503 unavailable' : '200 done');
      }
    });
  }, 120_000);
});

/**
 * One challenge, answered many times at once on two instances: one session at most. And answered while what
 * ends it is done: no session outlives that. A seed chooses instances and moments; every failure names it.
 */
import { FIRST_PARTY_CLIENT } from '@portcullis/contracts';
import { rounds, testSeed } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN,
  PASSWORD,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';
import { CodeFactor, outcome, proceed } from './code-factor.ts';

const SEED = testSeed();
/** Longer than an answer takes. Milliseconds. */
const ANSWER_MS = 12;

let factor: CodeFactor;
let system: AuthSystem;
let machine: string;
let actor: string;

beforeAll(async () => {
  factor = new CodeFactor();
  system = await startAuthSystem({ instances: 2, factors: [factor] });
  machine = await system.auth.machineToken();
  actor = await system.idOf(ADMIN.email);
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const anyInstance = (random: () => number): AuthInstance => {
  const chosen = system.instances[random() < 0.5 ? 0 : 1];
  if (chosen === undefined) throw new Error('there are two');
  return chosen;
};

interface User {
  email: string;
  id: string;
  code: string;
  token: string;
}

async function newUser(): Promise<User> {
  const { email, access_token: token } = await system.auth.newcomer();
  const id = await system.idOf(email);
  return { email, id, code: factor.enrol(id), token };
}

async function challengeOf({ email }: User): Promise<string> {
  const body = { email, password: PASSWORD };
  const answer = await system.auth.call('POST', '/v1/login', { body });
  return answer.body.challenge.token;
}

const openSessions = async ({ id }: User): Promise<string[]> => {
  const rows = await system.sql`
    select id from sessions where user_id = ${id} and ended_at is null order by id`;
  return rows.map((row) => row['id']);
};

const later = async <T>(milliseconds: number, work: () => Promise<T>): Promise<T> => {
  if (milliseconds >= 1) await sleep(milliseconds);
  return await work();
};

describe(`a challenge (seed ${SEED})`, () => {
  const times = rounds({ short: 30, long: 1_000 });

  it(
    `opens one session for right answers at once, ${times} times`,
    async () => {
      const random = seededRandom(SEED);
      const user = await newUser();
      for (let round = 0; round < times; round += 1) {
        const about = `seed ${SEED}, round ${round}`;
        const before = new Set(await openSessions(user));
        const challenge = await challengeOf(user);
        const answers = await Promise.all(
          Array.from({ length: 2 + Math.floor(random() * 4) }, () => {
            const instance = anyInstance(random);
            const wait = random() < 0.5 ? 0 : random() * ANSWER_MS;
            return later(wait, () => proceed(instance, { challenge, answer: user.code }));
          }),
        );
        const opened = answers.filter(({ status }) => status === 200);
        expect(opened, about).toHaveLength(1);
        const others = answers.filter(({ status }) => status !== 200).map(outcome);
        expect(new Set(others).size, `${about}: ${others.join()}`).toBeLessThanOrEqual(1);
        if (others.length > 0) expect(others[0], about).toBe('401 invalid_challenge');
        const added = (await openSessions(user)).filter((id) => !before.has(id));
        expect(added, about).toEqual([opened[0]?.body.session_id]);
        const audited = await system.sql`
          select 1 from audit_log where action = 'session.logged-in' and target_id = ${added[0] ?? ''}`;
        expect(audited, about).toHaveLength(1);
      }
    },
    times * 2_000,
  );

  it('has five answers looked at, of fifty at once', async () => {
    const user = await newUser();
    for (let round = 0; round < 5; round += 1) {
      const challenge = await challengeOf(user);
      const looked = factor.checks;
      let open = (): void => {};
      factor.gate = new Promise<void>((resolve) => (open = resolve));
      const asked = Array.from({ length: 50 }, (_, n) =>
        proceed(system.instances[n % 2] ?? system.auth, { challenge, answer: `wrong ${n}` }),
      );
      await expect.poll(() => factor.checks).toBe(looked + 5);
      open();
      const outcomes = (await Promise.all(asked)).map(outcome);
      expect(outcomes.filter((one) => one === '401 challenge_failed')).toHaveLength(5);
      expect(outcomes.filter((one) => one === '401 invalid_challenge')).toHaveLength(45);
      expect(factor.checks).toBe(looked + 5);
      const right = await proceed(system.auth, { challenge, answer: user.code });
      expect(outcome(right)).toBe('401 invalid_challenge');
    }
  });
});

const administer =
  (verb: string, more: object = {}) =>
  (user: User, instance: AuthInstance) =>
    instance.machine(`accounts.${verb}`, { user_id: user.id, actor, wait: 0, ...more }, machine);

const ENDINGS: readonly [string, (user: User, instance: AuthInstance) => Promise<Answer>][] = [
  ['disable', administer('disable')],
  ['remove', administer('remove')],
  ['logout', administer('logout')],
  ['logout of the client', administer('logout', { client_id: FIRST_PARTY_CLIENT })],
  [
    'log out everywhere',
    ({ token }, instance) => instance.call('POST', '/v1/logout-all?wait=0', { token }),
  ],
  [
    'log out everywhere else',
    ({ token }, instance) =>
      instance.call('POST', '/v1/logout-all?wait=0', { token, body: { keep_current: true } }),
  ],
];

describe(`an answer that races what ends the login (seed ${SEED})`, () => {
  const times = rounds({ short: 8, long: 500 });

  it.each(ENDINGS)(
    `leaves no session that outlives it: %s, ${times} times`,
    async (name, end) => {
      const random = seededRandom(SEED);
      for (let round = 0; round < times; round += 1) {
        const about = `seed ${SEED}, ${name}, round ${round}`;
        const user = await newUser();
        const challenge = await challengeOf(user);
        const kept = name.endsWith('else') ? await openSessions(user) : [];
        const [answered, ended] = await Promise.all([
          later(random() * ANSWER_MS, () =>
            proceed(anyInstance(random), { challenge, answer: user.code }),
          ),
          later(random() * ANSWER_MS, () => end(user, anyInstance(random))),
        ]);
        expect(ended.status, about).toBe(200);
        // Either it came first, and its session has ended with the others, or it came too late.
        if (answered.status === 200) {
          expect(await system.auth.accepts(answered.body.access_token), about).toBe(false);
        } else {
          expect(outcome(answered), about).toBe('401 invalid_challenge');
        }
        expect(await openSessions(user), about).toEqual(kept);
      }
    },
    120_000,
  );
});

/**
 * What gives access against what ends it, at once, on two instances: whichever comes first, nothing
 * is left alive. A seed chooses the instances, the moments and the kinds; every failure names it.
 */
import { rounds, testSeed } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import type { Tokens } from '@portcullis/api';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ADMIN,
  partOf,
  PASSWORD,
  startAuthSystem,
  type Answer,
  type AuthSystem,
} from '../auth-system.ts';
import { after, racesOf, type Random } from './races.ts';

const SEED = testSeed();
const LONG_MS = 4 * 3_600_000;
/** Longer than a password takes to check. Milliseconds. */
const LOGIN_MS = 120;
/** Longer than a refresh takes. Milliseconds. */
const REFRESH_MS = 15;

let system: AuthSystem;
let actor: string;
let machine: string;

beforeAll(async () => {
  system = await startAuthSystem({
    instances: 2,
    overrides: { PORTCULLIS_ACCESS_TOKEN_SECONDS: '3600' },
  });
  actor = await system.idOf(ADMIN.email);
}, 120_000);

beforeEach(async () => {
  machine = await system.auth.machineToken();
});

afterAll(async () => {
  await system.bed.dispose();
});

const { anyInstance, decided, expectDead, progress } = racesOf(() => system, SEED);

const administer = async (verb: string, user_id: string, random: Random): Promise<Answer> =>
  await decided(() =>
    anyInstance(random).machine(`accounts.${verb}`, { user_id, actor, wait: 0 }, machine),
  );

/**
 * By what they say, too: verifiers hear of no session that ends with what its client holds, and whatever has the
 * new generation would go on there.
 */
async function expectBelowGeneration(
  tokens: readonly Tokens[],
  id: string,
  about: string,
): Promise<void> {
  const [logged] = await system.sql`
    select max(generation) as greatest from revocation_log
    where kind = 'client_subject' and key = ${`cli_first-party/${id}`}`;
  for (const { access_token: token } of tokens) {
    const { csgen = 0 } = partOf(token, 1);
    expect(csgen, about).toBeLessThan(logged?.['greatest']);
  }
}

async function expectEnded({ session_id: id }: Tokens, about: string): Promise<void> {
  const [session] = await system.sql`select ended_at from sessions where id = ${id}`;
  expect(session?.['ended_at'], `its session, ${about}`).toBeInstanceOf(Date);
}

async function expectNoSession(email: string, about: string): Promise<void> {
  const open = await system.sql`
    select s.id from sessions s join users u on u.id = s.user_id
    where u.email_key = ${email} and s.ended_at is null`;
  expect(open, `open sessions, ${about}`).toEqual([]);
}

const CLIENT_ENDING = 'the end of what its client holds';
const endings: readonly [
  string,
  (user: Tokens & { email: string }, random: Random) => Promise<Answer>,
][] = [
  [
    'logout',
    async ({ access_token: token }, random) =>
      await anyInstance(random).call('POST', '/v1/logout?wait=0', { token }),
  ],
  [
    'the end of the session',
    async ({ access_token: token, session_id: id }, random) =>
      await anyInstance(random).call('DELETE', `/v1/sessions/${id}?wait=0`, { token }),
  ],
  [
    'logout everywhere',
    async ({ access_token: token }, random) =>
      await anyInstance(random).call('POST', '/v1/logout-all?wait=0', { token }),
  ],
  [
    CLIENT_ENDING,
    async ({ email }, random) =>
      await anyInstance(random).machine(
        'accounts.logout',
        { user_id: await system.idOf(email), actor, client_id: 'cli_first-party', wait: 0 },
        machine,
      ),
  ],
];

describe(`a refresh (seed ${SEED})`, () => {
  const times = rounds({ short: 25, long: 10_000 });

  it(
    `leaves no live token when it races what ends the session, ${times} times`,
    async () => {
      const random = seededRandom(SEED);
      const { email } = await system.auth.newcomer();
      const id = await system.idOf(email);
      for (let round = 0; round < times; round += 1) {
        const user = { ...(await system.auth.logIn(email)), email };
        const [name, end] = endings[Math.floor(random() * endings.length)] ?? endings[0]!;
        const about = `${name}, round ${round}, seed ${SEED}`;
        const given: Tokens[] = [user];
        // A client that goes on refreshing, and one that has lost the answer.
        const refreshing = Array.from({ length: 1 + Math.floor(random() * 2) }, async () => {
          let next = user.refresh_token;
          await sleep(random() * REFRESH_MS);
          for (let turn = 0; turn < 2; turn += 1) {
            const { status, body } = await decided(() => anyInstance(random).refresh(next));
            if (status !== 200) {
              expect(status, about).toBe(401);
              return;
            }
            given.push(body);
            next = body.refresh_token;
          }
        });
        const [ended] = await Promise.all([
          after(random() * 2 * REFRESH_MS, () => decided(() => end(user, random))),
          ...refreshing,
        ]);
        // The chain of one may have made the other's token two generations old: that ends it as well.
        expect([200, 401], about).toContain(ended.status);
        if (ended.status === 401) await expectEnded(user, about);
        await expectDead(given, about);
        if (name === CLIENT_ENDING) await expectBelowGeneration(given, id, about);
        progress('refresh against the end of the session', round + 1, times);
      }
    },
    LONG_MS,
  );
});

describe(`a login (seed ${SEED})`, () => {
  const times = rounds({ short: 6, long: 1_000 });
  const both = async (
    email: string,
    random: Random,
    change: () => Promise<Answer>,
  ): Promise<[Answer, Answer]> =>
    await Promise.all([
      after(
        random() * LOGIN_MS,
        async () =>
          await decided(() =>
            anyInstance(random).call('POST', '/v1/login', { body: { email, password: PASSWORD } }),
          ),
      ),
      after(random() * 2 * LOGIN_MS, () => decided(change)),
    ]);

  it(
    `leaves no session when it races a change of the password, ${times} times`,
    async () => {
      const random = seededRandom(SEED + 3);
      for (let round = 0; round < times; round += 1) {
        const about = `round ${round}, seed ${SEED}`;
        const user = await system.auth.newcomer();
        const next = 'seven herons under a tin roof';
        const [login, changed] = await both(
          user.email,
          random,
          async () =>
            await anyInstance(random).call('POST', '/v1/password/change?wait=0', {
              token: user.access_token,
              body: { current_password: PASSWORD, new_password: next },
            }),
        );
        expect(changed.status, about).toBe(200);
        expect([200, 401], about).toContain(login.status);
        await expectDead(login.status === 200 ? [user, login.body] : [user], about);
        await expectNoSession(user.email, about);
        await system.auth.logIn(user.email, next);
        progress('login against a change of the password', round + 1, times);
      }
    },
    LONG_MS,
  );

  it(
    `leaves no session when it races a disable, ${times} times`,
    async () => {
      const random = seededRandom(SEED + 1);
      const { email } = await system.auth.newcomer();
      const id = await system.idOf(email);
      for (let round = 0; round < times; round += 1) {
        const about = `round ${round}, seed ${SEED}`;
        const [login, disabled] = await both(
          email,
          random,
          async () => await administer('disable', id, random),
        );
        expect(disabled.status, about).toBe(200);
        expect([200, 401], about).toContain(login.status);
        if (login.status === 200) await expectDead([login.body], about);
        await expectNoSession(email, about);
        await system.auth.machine('accounts.enable', { user_id: id, actor }, machine);
        progress('login against a disable', round + 1, times);
      }
    },
    LONG_MS,
  );

  it(
    `leaves no session when it races a deletion, ${times} times`,
    async () => {
      const random = seededRandom(SEED + 2);
      for (let round = 0; round < times; round += 1) {
        const about = `round ${round}, seed ${SEED}`;
        const email = `deleted-${round}@example.test`;
        await system.auth.register(email);
        const id = await system.idOf(email);
        const [login, deleted] = await both(
          email,
          random,
          async () => await administer('remove', id, random),
        );
        expect(deleted.status, about).toBe(200);
        expect([200, 401], about).toContain(login.status);
        if (login.status === 200) await expectDead([login.body], about);
        const open = await system.sql`
        select 1 from sessions where user_id = ${id} and ended_at is null`;
        expect(open, about).toEqual([]);
        progress('login against a deletion', round + 1, times);
      }
    },
    LONG_MS,
  );

  it(
    `holds or is dead as a whole when it races the end of what its client holds, ${times} times`,
    async () => {
      const random = seededRandom(SEED + 4);
      const { email } = await system.auth.newcomer();
      const id = await system.idOf(email);
      const client_id = 'cli_first-party';
      let held = 0;
      let dead = 0;
      for (let round = 0; round < 2 * times; round += 1) {
        const about = `round ${round}, seed ${SEED}`;
        const [login, ended] = await both(email, random, () =>
          decided(() =>
            anyInstance(random).machine(
              'accounts.logout',
              { user_id: id, actor, client_id, wait: 0 },
              machine,
            ),
          ),
        );
        expect([ended.status, login.status], about).toEqual([200, 200]);
        const [session] = await system.sql`
          select ended_at from sessions where id = ${login.body.session_id}`;
        if (session?.['ended_at'] !== null) {
          await expectDead([login.body], about);
          await expectBelowGeneration([login.body], id, about);
          dead += 1;
          continue;
        }
        held += 1;
        for (const instance of system.instances) {
          expect(await instance.accepts(login.body.access_token), about).toBe(true);
        }
        const refreshed = await decided(() =>
          anyInstance(random).refresh(login.body.refresh_token),
        );
        expect(refreshed.status, about).toBe(200);
        progress('login against the end of what a client holds', round + 1, 2 * times);
      }
      expect([held, dead].map((count) => count > 0)).toEqual([true, true]);
    },
    LONG_MS,
  );
});

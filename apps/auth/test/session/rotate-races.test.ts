/**
 * Clients that refresh one session after the other against what changes their account, at once, on two instances. A seed
 * chooses the instances and the moments; every failure names it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { rounds, testSeed } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import type { Tokens } from '@portcullis/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, partOf, startAuthSystem, type Answer, type AuthSystem } from '../auth-system.ts';
import { after, racesOf, type Random } from './races.ts';

const SEED = testSeed();
const LONG_MS = 4 * 3_600_000;
/** Longer than a refresh takes. Milliseconds. */
const REFRESH_MS = 15;

let system: AuthSystem;
let actor: string;
let machine: string;

const { anyInstance, decided, expectDead, progress } = racesOf(() => system, SEED);

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

async function administer(
  random: Random,
  verb: string,
  input: Record<string, unknown>,
): Promise<Answer> {
  const { status, ...answer } = await decided(() =>
    anyInstance(random).machine(`accounts.${verb}`, { actor, ...input }, machine),
  );
  expect(status).toBe(200);
  return { status, ...answer };
}

interface Refreshing {
  random: Random;
  turns: number;
}

/** @returns all that it was given; less than it asked for where one was refused */
async function goOnRefreshing(user: Tokens, { random, turns }: Refreshing): Promise<Tokens[]> {
  const given: Tokens[] = [];
  let next = user.refresh_token;
  for (let turn = 0; turn < turns; turn += 1) {
    const { status, body } = await decided(() => anyInstance(random).refresh(next));
    if (status !== 200) {
      expect(status).toBe(401);
      break;
    }
    given.push(body);
    next = body.refresh_token;
  }
  return given;
}

describe(`clients that refresh (seed ${SEED})`, () => {
  const times = rounds({ short: 20, long: 5_000 });

  it(
    `have nothing that lives when the account is disabled meanwhile, nor once it is enabled, ${times} times`,
    async () => {
      const random = seededRandom(SEED);
      const { email } = await system.auth.newcomer();
      const user_id = await system.idOf(email);
      for (let round = 0; round < times; round += 1) {
        const about = `round ${round}, seed ${SEED}`;
        const sessions = [await system.auth.logIn(email), await system.auth.logIn(email)];
        const [, ...given] = await Promise.all([
          after(random() * 3 * REFRESH_MS, () =>
            administer(random, 'disable', { user_id, wait: 0 }),
          ),
          ...sessions.map((session) => goOnRefreshing(session, { random, turns: 4 })),
        ]);
        await administer(random, 'enable', { user_id });
        // Of each session the first and the last token: one between them is used, and would end it by itself.
        const ends = given.flatMap((some, i) => [sessions[i], some.at(-1)]);
        await expectDead(
          ends.filter((tokens) => tokens !== undefined),
          about,
        );
        progress('refreshes against a disable', round + 1, times);
      }
    },
    LONG_MS,
  );

  it(
    `are told the roles of the generation that they are told, and none of before a change that was answered, ${times} times`,
    async () => {
      const random = seededRandom(SEED + 1);
      const { email, ...user } = await system.auth.newcomer();
      const user_id = await system.idOf(email);
      const rolesOf = new Map<number, string>([[0, '']]);
      let sessions: Tokens[] = [user, await system.auth.logIn(email)];
      for (let round = 1; round <= times; round += 1) {
        const about = `round ${round}, seed ${SEED}`;
        const roles = round % 2 === 0 ? [] : ['support'];
        rolesOf.set(round, roles.join());
        const [, ...given] = await Promise.all([
          after(random() * 2 * REFRESH_MS, () =>
            administer(random, 'setRoles', { user_id, roles, wait: 0 }),
          ),
          ...sessions.map((session) => goOnRefreshing(session, { random, turns: 3 })),
        ]);
        for (const { access_token: token } of given.flat()) {
          const claims = partOf(token, 1);
          expect(claims['roles'].join(), about).toBe(rolesOf.get(claims['gen']));
        }
        sessions = await Promise.all(
          given.map(async (some) => {
            expect(some, about).toHaveLength(3);
            const last = some.at(-1)?.refresh_token ?? '';
            const { status, body } = await decided(() => anyInstance(random).refresh(last));
            expect(status, about).toBe(200);
            expect(partOf(body.access_token, 1)['gen'], about).toBe(round);
            return body;
          }),
        );
        progress('refreshes against changes of roles', round, times);
      }
    },
    LONG_MS,
  );

  it(
    `lose their session to a copy of a used token, whichever comes first, ${times} times`,
    async () => {
      const random = seededRandom(SEED + 2);
      const { email } = await system.auth.newcomer();
      for (let round = 0; round < times; round += 1) {
        const about = `round ${round}, seed ${SEED}`;
        const first = await system.auth.logIn(email);
        const [second, third] = await goOnRefreshing(first, { random, turns: 2 });
        if (second === undefined || third === undefined) throw new Error(`no start, ${about}`);
        const [copy, given] = await Promise.all([
          after(random() * 2 * REFRESH_MS, () =>
            decided(() => anyInstance(random).refresh(first.refresh_token)),
          ),
          goOnRefreshing(third, { random, turns: 4 }),
        ]);
        expect(copy.status, about).toBe(401);
        await expectDead([second, third, ...given], about);
        const reused = await system.sql`
          select 1 from revocation_log where key = ${first.session_id} and reason = 'refresh_reuse'`;
        expect(reused, about).toHaveLength(1);
        progress('refreshes against a copy', round + 1, times);
      }
    },
    LONG_MS,
  );

  it(
    `have one chain of tokens, however many offer each at once, ${times} times`,
    async () => {
      const random = seededRandom(SEED + 3);
      const user = await system.auth.newcomer();
      let present: Tokens = user;
      for (let round = 0; round < times; round += 1) {
        const about = `round ${round}, seed ${SEED}`;
        const offered = present.refresh_token;
        const answers = await Promise.all(
          Array.from({ length: 2 + Math.floor(random() * 6) }, async () => {
            await sleep(random() * REFRESH_MS);
            return await decided(() => anyInstance(random).refresh(offered));
          }),
        );
        expect(new Set(answers.map(({ status }) => status)), about).toEqual(new Set([200]));
        expect(new Set(answers.map(({ body }) => body.refresh_token)).size, about).toBe(1);
        present = answers[0]?.body;
        progress('refreshes with one token', round + 1, times);
      }
      const [row] = await system.sql`
        select rotations from sessions where id = ${user.session_id}`;
      expect(row?.['rotations']).toBe(times);
    },
    LONG_MS,
  );
});

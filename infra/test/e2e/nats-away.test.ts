/** Losing NATS costs speed, not availability: verifiers stay fresh, and informed, over HTTP. */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { get, logIn, logOut, register, statusOf, type Account } from './calls.ts';

const S_MS = 2_000;
let system: TestSystem;
let account: Account;
let me: string;

beforeAll(async () => {
  system = await startSystem({ auth: { PORTCULLIS_MAX_STALENESS_MS: String(S_MS) } });
  me = `${system.user.url}/v1/me`;
  account = await register(system.auth.url);
}, 120_000);

afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

/** Asks again and again, and counts the answers by their status, until it is stopped. */
function traffic(token: string) {
  const answers: Record<number, number> = {};
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      const status = await statusOf(get(me, token));
      answers[status] = (answers[status] ?? 0) + 1;
      await sleep(5);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await done;
      return answers;
    },
  };
}

it('without NATS: refuses no user who was not logged out, and each who was within S', async () => {
  const spared = await logIn(system.auth.url, account);
  const leaving = await logIn(system.auth.url, account);
  await expect.poll(() => statusOf(get(me, spared.access_token)), { timeout: 5_000 }).toBe(200);
  expect(await statusOf(get(me, leaving.access_token))).toBe(200);

  const load = traffic(spared.access_token);
  system.bed.proxies.nats.cut();
  await sleep(2 * S_MS);
  const receipt = await logOut(system.auth.url, leaving.access_token, 'logout', 0);
  expect(receipt.published).toBe(false);
  expect(receipt.expected).toBe(2);
  await sleep(Date.parse(receipt.enforced_by) - Date.now());
  expect(await statusOf(get(me, leaving.access_token))).toBe(401);
  // Confirmed without the bus too, by the requests for grants.
  const again = await logOut(system.auth.url, leaving.access_token, 'logout', 3_000);
  expect(again).toMatchObject({ published: false, confirmed: 2, expected: 2 });
  await sleep(S_MS);
  expect(Object.keys(await load.stop())).toEqual(['200']);
}, 60_000);

it('starts a verifier, and makes it ready, without NATS', async () => {
  const session = await logIn(system.auth.url, account);
  await system.user.stop();
  await system.user.restart();
  expect(await statusOf(get(me, session.access_token))).toBe(200);
}, 60_000);

it('pushes again once NATS is back', async () => {
  system.bed.proxies.nats.mend();
  await expect
    .poll(
      async () => {
        const session = await logIn(system.auth.url, account);
        const { published, confirmed, expected } = await logOut(
          system.auth.url,
          session.access_token,
          'logout',
          100, // by the push alone: a grant would take longer
        );
        return published && confirmed === expected && expected >= 2;
      },
      { timeout: 15_000, interval: 250 },
    )
    .toBe(true);
}, 60_000);

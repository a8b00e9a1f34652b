/** What a revocation must survive, on real processes and servers. */
import { jetstreamManager } from '@nats-io/jetstream';
import { subjectsOf } from '@portcullis/bus';
import { rounds, startSystem, type TestSystem } from '@portcullis/testbed';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  codeOf,
  get,
  logIn,
  logOut,
  post,
  refresh,
  register,
  statusOf,
  type Account,
} from './calls.ts';

/** S, as it is by default: a revocation that was not received holds by then. */
const STALENESS_MS = 5_000;
/** `npm run faults -- --case logouts` has 500, beside 10,000 logouts. */
const WITHIN_ONE_SECOND = rounds({ short: 200, long: 1_000 });

let system: TestSystem;
let me: string;

beforeAll(async () => {
  system = await startSystem();
  me = `${system.user.url}/v1/me`;
}, 120_000);

afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

async function purgeStreams(): Promise<void> {
  const url = new URL(system.bed.natsUrl);
  const connection = await connect({
    servers: url.host,
    ...(url.username === ''
      ? {}
      : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) }),
  });
  const { streams } = await jetstreamManager(connection);
  const { revocationStream, accountStream } = subjectsOf(system.bed.prefix);
  for (const name of [revocationStream, accountStream]) await streams.purge(name);
  await connection.close();
}

describe('a revocation', () => {
  it('is refused by the first request after a restart, though the streams were purged', async () => {
    const account = await register(system.auth.url);
    const revoked = await logIn(system.auth.url, account);
    const spared = await logIn(system.auth.url, account);
    expect(await statusOf(get(me, revoked.access_token))).toBe(200);

    system.user.kill('SIGKILL');
    await system.user.process.exited;
    const receipt = await logOut(system.auth.url, revoked.access_token, 'logout', 0);
    expect(receipt.pending.map(({ service }) => service)).toContain('user');
    await purgeStreams();
    await system.user.restart();

    const first = await get(me, revoked.access_token);
    expect(first.status).toBe(401);
    expect(first.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
    expect(await codeOf(first)).toBe('invalid_token');
    expect(await statusOf(get(me, spared.access_token))).toBe(200);
  });

  it('is confirmed by every running verifier, and answered again with the same receipt', async () => {
    const account = await register(system.auth.url);
    const session = await logIn(system.auth.url, account);
    // The verifier that was killed above stands on the list until it can no longer be fresh.
    await expect
      .poll(
        async () => {
          const other = await refresh(system.auth.url, await logIn(system.auth.url, account));
          return (await logOut(system.auth.url, other.access_token)).expected;
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(2);
    const receipt = await logOut(system.auth.url, session.access_token);
    expect(receipt).toMatchObject({
      revoked: { kind: 'session', id: session.session_id },
      published: true,
      confirmed: 2,
      expected: 2,
      pending: [],
    });
    expect(Date.parse(receipt.enforced_by)).toBeGreaterThan(Date.parse(receipt.committed_at));
    const again = await logOut(system.auth.url, session.access_token);
    expect(again.committed_at).toBe(receipt.committed_at);
    expect(again.confirmed).toBe(2);
    expect(await statusOf(get(me, session.access_token))).toBe(401);
  });

  it('follows the replay of a token two generations old: that session everywhere, no other', async () => {
    const account = await register(system.auth.url);
    const first = await logIn(system.auth.url, account);
    const spared = await logIn(system.auth.url, account);
    const second = await refresh(system.auth.url, first);
    const third = await refresh(system.auth.url, second);
    // Nothing but the last may be refused for another reason than the replay.
    for (const { access_token: token } of [third, spared]) {
      expect(await statusOf(get(me, token))).toBe(200);
    }

    const replayed = await post(`${system.auth.url}/v1/refresh`, {
      refresh_token: first.refresh_token,
    });
    const answeredAt = performance.now();
    expect(replayed.status).toBe(401);
    let lastAccepted = 0;
    for (;;) {
      const begunAt = performance.now() - answeredAt;
      const answer = await get(me, third.access_token);
      if (answer.status === 401) {
        expect(await codeOf(answer)).toBe('invalid_token');
        break;
      }
      expect(await statusOf(answer)).toBe(200);
      lastAccepted = begunAt;
      expect(lastAccepted, 'milliseconds after the answer').toBeLessThan(STALENESS_MS);
    }
    console.log(
      `the ended session was refused ${(performance.now() - answeredAt).toFixed(1)} ms after the ` +
        `replay was answered; accepted last ${lastAccepted.toFixed(1)} ms after it`,
    );
    const dead = { refresh_token: third.refresh_token };
    expect(await statusOf(post(`${system.auth.url}/v1/refresh`, dead))).toBe(401);
    // And the other one goes on, at the verifier and by a refresh.
    expect(await statusOf(get(me, spared.access_token))).toBe(200);
    const renewed = await refresh(system.auth.url, spared);
    expect(await statusOf(get(me, renewed.access_token))).toBe(200);
  });

  it(`spares who logs in again within the same second, ${WITHIN_ONE_SECOND} times`, async () => {
    const accounts: Account[] = [];
    for (let i = 0; i < 4; i += 1) accounts.push(await register(system.auth.url));
    let sameSecond = 0;
    let wrong = 0;
    const secondOf = (token: string): unknown =>
      (
        JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
          iat: number;
        }
      ).iat;
    await Promise.all(
      accounts.map(async (account) => {
        let old = await logIn(system.auth.url, account);
        while (sameSecond < WITHIN_ONE_SECOND && wrong === 0) {
          await logOut(system.auth.url, old.access_token, 'logout-all');
          const fresh = await logIn(system.auth.url, account);
          const [before, after] = await Promise.all([
            statusOf(get(me, old.access_token)),
            statusOf(get(me, fresh.access_token)),
          ]);
          if (before !== 401 || after !== 200) wrong += 1;
          if (secondOf(old.access_token) === secondOf(fresh.access_token)) sameSecond += 1;
          old = fresh;
        }
      }),
    );
    expect(wrong).toBe(0);
    expect(sameSecond).toBeGreaterThanOrEqual(WITHIN_ONE_SECOND);
  }, 600_000);
});

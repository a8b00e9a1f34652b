/** What administrators do takes effect at once: new roles, under traffic and without a new login; a client's logout. */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { isPortcullisError } from '@portcullis/client';
import { FIRST_PARTY_CLIENT } from '@portcullis/contracts';
import { receipt as receiptForm } from '@portcullis/contracts/schemas';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, get, logIn, post, register, statusOf } from './calls.ts';
import { recordedClient, type RecordedClient } from './sdk.ts';

const CALLERS = 8;

let system: TestSystem;
let administrator: RecordedClient;

beforeAll(async () => {
  system = await startSystem();
  administrator = recordedClient(system);
  await administrator.client.logIn(system.administrator);
}, 120_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

interface Call {
  begunAt: number;
  endedAt: number;
  /** `ok`, or the code of the error. */
  outcome: string;
}

/** A user who asks for the list of users without a pause, several times at once. */
class Traffic {
  readonly calls: Call[] = [];
  #stopped = false;
  readonly #callers: Promise<void>[];

  constructor({ client }: RecordedClient) {
    this.#callers = Array.from({ length: CALLERS }, async () => {
      while (!this.#stopped) {
        const begunAt = performance.now();
        const outcome = await client.admin.users.list.query({ limit: 1 }).then(
          () => 'ok',
          (error: unknown) => (isPortcullisError(error) ? error.code : String(error)),
        );
        this.calls.push({ begunAt, endedAt: performance.now(), outcome });
      }
    });
  }

  /** Resolves after so many calls more. */
  async more(count: number): Promise<void> {
    const wanted = this.calls.length + count;
    while (this.calls.length < wanted) await sleep(5);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }

  outcomes(which: (call: Call) => boolean): string[] {
    return [...new Set(this.calls.filter(which).map(({ outcome }) => outcome))].toSorted();
  }
}

async function user(): Promise<{ recorded: RecordedClient; id: string }> {
  const recorded = recordedClient(system);
  const account = await register(system.auth.url);
  await recorded.client.logIn(account);
  const { users } = await administrator.client.admin.users.list.query({ query: account.email });
  return { recorded, id: users[0]?.id ?? '' };
}

async function setRoles(id: string, roles: ('admin' | 'support')[]) {
  const { receipt } = await administrator.client.admin.users.setRoles.mutate({
    user_id: id as never,
    roles,
    wait: 10_000,
  });
  return { receipt, answeredAt: performance.now() };
}

describe('new roles', () => {
  it('take access away: nothing that begins after the receipt succeeds; one silent refresh', async () => {
    const { recorded, id } = await user();
    await setRoles(id, ['admin']);
    const traffic = new Traffic(recorded);
    await traffic.more(100);
    const refreshesBefore = recorded.refreshes();

    const { receipt, answeredAt } = await setRoles(id, []);
    await traffic.more(100);
    await traffic.stop();

    expect(receipt?.confirmed).toBe(receipt?.expected);
    const late = traffic.calls.filter(({ begunAt }) => begunAt >= answeredAt);
    const lastSuccess = Math.max(
      ...traffic.calls.filter(({ outcome }) => outcome === 'ok').map(({ endedAt }) => endedAt),
    );
    console.log(
      `${traffic.calls.length} calls, ${late.length} begun after the receipt, of which succeeded: ` +
        `${late.filter(({ outcome }) => outcome === 'ok').length}; the last that succeeded, begun ` +
        `before it, was answered at ${(lastSuccess - answeredAt).toFixed(1)} ms from the receipt; ` +
        `refreshes: ${recorded.refreshes() - refreshesBefore}`,
    );
    expect(late.length).toBeGreaterThan(50);
    expect(traffic.outcomes(({ begunAt }) => begunAt >= answeredAt)).toEqual([
      'insufficient_scope',
    ]);
    // Silent: no call was ever answered that its token would not do.
    expect(traffic.outcomes(() => true)).toEqual(['insufficient_scope', 'ok']);
    expect(recorded.refreshes() - refreshesBefore).toBe(1);
    expect(recorded.signedOut).toEqual([]);
    await expect(recorded.client.user.me.get.query()).resolves.toMatchObject({ id });
  }, 60_000);

  it('cut an open subscription, which comes back by one refresh and has missed nothing', async () => {
    const { recorded, id } = await user();
    await setRoles(id, ['support']);
    const told: { type: string; roles?: string[] }[] = [];
    const errors: unknown[] = [];
    const { unsubscribe } = recorded.client.user.me.events.subscribe(undefined, {
      onData: ({ data }) => told.push(data),
      onError: (error) => errors.push(error),
    });
    await expect.poll(() => told[0]?.type).toBe('ready');
    const refreshesBefore = recorded.refreshes();
    const opened = () =>
      recorded.requests.filter(({ url }) => url.pathname === '/trpc/me.events').length;
    const openedBefore = opened();
    await setRoles(id, []);
    await expect.poll(opened).toBe(openedBefore + 1);
    await expect
      .poll(() => told.at(-1), { timeout: 5_000 })
      .toMatchObject({ type: 'roles-changed', roles: [] });
    expect(recorded.refreshes() - refreshesBefore).toBe(1);
    expect(errors).toEqual([]);
    expect(recorded.signedOut).toEqual([]);
    unsubscribe();
  });

  it('give access without a new login, by one refresh', async () => {
    const { recorded, id } = await user();
    const traffic = new Traffic(recorded);
    await traffic.more(50);
    expect(traffic.outcomes(() => true)).toEqual(['insufficient_scope']);

    const { receipt, answeredAt } = await setRoles(id, ['support']);
    await traffic.more(100);
    await traffic.stop();

    expect(receipt?.confirmed).toBe(receipt?.expected);
    expect(traffic.outcomes(({ begunAt }) => begunAt >= answeredAt)).toEqual(['ok']);
    expect(traffic.outcomes(() => true)).toEqual(['insufficient_scope', 'ok']);
    expect(recorded.refreshes()).toBe(1);
    expect(recorded.requests.filter(({ url }) => url.pathname === '/trpc/login')).toHaveLength(1);
    expect(recorded.signedOut).toEqual([]);
  }, 60_000);
});

describe('the logout of one client', () => {
  it('holds at every service once the receipt is full, and spares others', async () => {
    const { auth, admin } = system;
    const account = await register(auth.url);
    const held = await logIn(auth.url, account);
    const other = await logIn(auth.url, await register(auth.url));
    const me = (token: string) => get(`${system.user.url}/v1/me`, token);
    expect(await statusOf(me(held.access_token))).toBe(200);
    const { users } = await administrator.client.admin.users.list.query({ query: account.email });

    const { access_token: token } = await logIn(auth.url, system.administrator);
    const path = `${admin.url}/v1/users/${users[0]?.id}/logout?wait=10000`;
    const answer = await post(path, { client_id: FIRST_PARTY_CLIENT }, token);
    expect(answer.status).toBe(200);
    const { revoked, confirmed, expected } = receiptForm.parse(await answer.json());
    expect(revoked.kind).toBe('client_subject');
    // Those of the services of user and admin, which have said that they read it.
    expect([confirmed, expected > 1]).toEqual([expected, true]);

    const refused = await me(held.access_token);
    expect([refused.status, await codeOf(refused)]).toEqual([401, 'invalid_token']);
    const { refresh_token } = held;
    expect(await statusOf(post(`${auth.url}/v1/refresh`, { refresh_token }))).toBe(401);
    expect(await statusOf(me(other.access_token))).toBe(200);
    expect(await statusOf(me((await logIn(auth.url, account)).access_token))).toBe(200);
    // A form that is none is no logout of everything.
    expect(await statusOf(post(path, { client_id: 'first-party' }, token))).toBe(400);
  });
});

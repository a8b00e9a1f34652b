/** The SDK and services of one's own, against the system as it is: by name, by `fetch`, by `link`, for users and machines. */
import {
  createMachineClient,
  createPortcullisClient,
  memoryStorage,
  routerType,
  type StoredTokens,
} from '@portcullis/client';
import { ensureMachineClient, startSystem, type TestSystem } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { createTRPCClient } from '@trpc/client';
import { decodeJwt } from 'jose';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { register, type Account } from '../e2e/calls.ts';
import { AUDIENCE, startOrders, type OrdersRouter, type OrdersService } from './orders-service.ts';

/** Of an access token, in seconds. */
const LIFE = 5;
const CALLS = 100;
const ROUNDS = 3;
const AUDIENCES = ['urn:portcullis:auth', 'urn:portcullis:user', 'urn:portcullis:admin', AUDIENCE];

let system: TestSystem;
let orders: OrdersService;
let account: Account;
beforeAll(async () => {
  system = await startSystem({
    auth: {
      PORTCULLIS_AUDIENCES: AUDIENCES.join(' '),
      PORTCULLIS_ACCESS_TOKEN_SECONDS: String(LIFE),
    },
  });
  orders = system.bed.use(await startOrders(system));
}, 180_000);
afterAll(async () => system?.[Symbol.asyncDispose]());
beforeEach(async () => {
  account = await register(system.auth.url);
  orders.arrived.length = 0;
});

interface Recorded {
  asked: string[];
  fetch: typeof fetch;
}

function recorded(): Recorded {
  const asked: string[] = [];
  return {
    asked,
    fetch: async (input, init) => {
      asked.push(new URL(input instanceof Request ? input.url : input).pathname);
      return await fetch(input, init);
    },
  };
}

function clientOf({ fetch: via }: Recorded, more: { dpop?: true } = {}) {
  const storage = memoryStorage();
  const client = createPortcullisClient({
    auth: system.auth.url,
    services: { orders: { url: orders.url, router: routerType<OrdersRouter>() } },
    storage,
    fetch: via,
    ...more,
  });
  const own = createTRPCClient<OrdersRouter>({
    links: [client.link({ url: `${orders.url}/trpc` })],
  });
  const ways = [
    async () => expect(await client.services.orders.mine.query()).toMatch(/^the orders of usr_/),
    async () => expect(await own.mine.query()).toMatch(/^the orders of usr_/),
    async () => expect((await client.fetch(`${orders.url}/orders`)).status).toBe(200),
  ];
  return { client, storage, own, ways };
}

/** On a machine that is busy the calls may take longer than a token lives. */
function expectOnceALife(times: number, tookMs: number): void {
  expect(times).toBeGreaterThanOrEqual(1);
  expect(times).toBeLessThanOrEqual(1 + Math.floor(tookMs / (LIFE * 900)));
}

const refreshes = ({ asked }: Recorded): number =>
  asked.filter((path) => path === '/trpc/refresh').length;

describe.each([
  ['a bearer token', {}],
  ['a token that is bound to a key', { dpop: true }],
] as const)('%s', (_, more) => {
  it('is sent to a service of one’s own in each way, and refused after the logout', async () => {
    const { client, own, ways } = clientOf(recorded(), more);
    await client.logIn(account);
    for (const call of ways) await call();
    const { authorization, proof } = orders.arrived.at(-1) ?? {};
    expect(authorization).toMatch('dpop' in more ? /^DPoP ey/ : /^Bearer ey/);
    expect(proof === undefined).toBe(!('dpop' in more));
    await client.logOut({ wait: 10_000 });
    await expect(client.services.orders.mine.query()).rejects.toMatchObject({
      code: 'invalid_token',
      status: 401,
    });
    await expect(own.mine.query()).rejects.toMatchObject({ name: 'PortcullisError' });
    expect((await client.fetch(`${orders.url}/orders`)).status).toBe(401);
  });

  it(`${CALLS} calls over a token that has expired, by all ways at once, renew it once`, async () => {
    const random = seededRandom(19);
    for (let round = 0; round < ROUNDS; round += 1) {
      const seen = recorded();
      const { client, ways } = clientOf(seen, more);
      await client.logIn(account);
      await sleep(LIFE * 1_000 + 200);
      const before = await client.session.id();
      const beganAt = performance.now();
      await Promise.all(
        Array.from({ length: CALLS }, async () => {
          await sleep(Math.floor(random() * 5));
          await ways[Math.floor(random() * ways.length)]?.();
        }),
      );
      expectOnceALife(refreshes(seen), performance.now() - beganAt);
      expect(await client.session.id()).toBe(before);
    }
  }, 60_000);

  it('is renewed for calls that the service has refused, and each is sent again with its body', async () => {
    const seen = recorded();
    const { client, storage } = clientOf(seen, more);
    await client.logIn(account);
    await client.fetch(`${orders.url}/orders`);
    // Its clock says that the token is good for hours.
    await storage.set({ ...(storage.get() as StoredTokens), access_token: 'of.another.time' });
    const form = new FormData();
    form.set('said', 'in a form');
    const post = { method: 'post', headers: { 'content-type': 'text/plain' } };
    const bodies: [RequestInit | Request, string][] = [
      [{ ...post, body: 'a text' }, 'a text'],
      [{ ...post, body: new Blob(['a blob']) }, 'a blob'],
      [
        { ...post, body: new Blob(['a stream']).stream(), duplex: 'half' } as RequestInit,
        'a stream',
      ],
      [new Request(`${orders.url}/orders`, { ...post, body: 'a request' }), 'a request'],
      [{ method: 'POST', body: form }, 'in a form'],
    ];
    const answers = await Promise.all(
      bodies.map(async ([init, said]) => {
        const url = `${orders.url}/orders`;
        const sent = init instanceof Request ? client.fetch(init) : client.fetch(url, init);
        const answer = await sent;
        const body: unknown = await answer.json();
        return [answer.status, body, said] as const;
      }),
    );
    for (const [status, body, said] of answers) {
      expect(status).toBe(200);
      expect((body as { said: string }).said).toContain(said);
    }
    expect(refreshes(seen)).toBe(1);
  });
});

describe('a service of one’s own', () => {
  it('has procedures of the names that auth has for those without a session, and they get the token', async () => {
    const { client } = clientOf(recorded());
    await client.logIn(account);
    expect(await client.services.orders.register.mutate()).toMatch(/^usr_/);
  });

  it('says what it says in its own way', async () => {
    const { client } = clientOf(recorded());
    await client.logIn(account);
    const error: unknown = await client.services.orders.missing.query().catch((thrown) => thrown);
    expect(error).toMatchObject({ message: 'no such order', data: { code: 'NOT_FOUND' } });
  });

  it('is subscribed to', async () => {
    const { client } = clientOf(recorded());
    await client.logIn(account);
    const told: number[] = [];
    const live = client.services.orders.ticks.subscribe(undefined, {
      onData: (tick) => told.push(tick),
    });
    await expect.poll(() => told).toEqual([1, 2, 3]);
    live.unsubscribe();
  });

  it('answers who brings the token of cookie mode, which no script sees', async () => {
    const jar = new Map<string, string>();
    const sent: Headers[] = [];
    const browser: typeof fetch = async (input, init) => {
      const headers = new Headers(init?.headers);
      sent.push(new Headers(headers));
      if (init?.credentials === 'include') {
        headers.set('sec-fetch-site', 'same-origin');
        headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
      }
      const answer = await fetch(input, { ...init, headers });
      for (const line of answer.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split('=', 2);
        jar.set(name, value);
      }
      return answer;
    };
    const client = createPortcullisClient({
      auth: system.auth.url,
      services: { orders: { url: orders.url, router: routerType<OrdersRouter>() } },
      transport: 'cookie',
      fetch: browser,
    });
    await client.logIn(account);
    await sleep(LIFE * 1_000 + 200);
    const calls = Array.from(
      { length: 20 },
      async () => await client.fetch(`${orders.url}/orders`),
    );
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(await client.services.orders.mine.query()).toMatch(/^the orders of usr_/);
    expect(sent.some((headers) => headers.has('authorization'))).toBe(false);
    await expect(client.accessToken()).rejects.toThrow(TypeError);
    expect(await client.renew()).toBeUndefined();
    expect(client.session.state).toMatchObject({ status: 'signed_in', refreshing: false });
  }, 30_000);
});

describe('no token', () => {
  it('goes anywhere else: another origin, another path, the target of a redirect', async () => {
    const seen = recorded();
    const client = createPortcullisClient({
      auth: system.auth.url,
      services: { orders: { url: `${orders.url}/orders` } },
      fetch: seen.fetch,
    });
    await client.logIn(account);
    const before = seen.asked.length;
    const foreign = [
      'https://orders.example.com/orders',
      `${orders.url}/`,
      `${orders.url}/orders/../moved`,
      `${orders.url}/ordersx`,
      orders.url.replace('127.0.0.1', 'localhost'),
      `${orders.url}@evil.example/orders`,
    ];
    for (const url of foreign) {
      await expect(client.fetch(url), url).rejects.toThrow(TypeError);
      await expect(client.fetch(new Request('http://evil.example/')), url).rejects.toThrow(
        TypeError,
      );
      expect(() => client.link({ url }), url).toThrow(TypeError);
    }
    expect(seen.asked).toHaveLength(before);
    const whole = createPortcullisClient({ auth: system.auth.url, services: { orders } });
    await whole.logIn(account);
    await expect(whole.fetch(`${orders.url}/moved`)).rejects.toMatchObject({ code: 'network' });
    const kept = await whole.fetch(`${orders.url}/moved`, { redirect: 'manual' });
    expect(kept.status).toBe(307);
  });

  it('is waited for by a call that is aborted, which ends with the reason of its signal', async () => {
    const { client } = clientOf(recorded());
    const reason = new Error('the user has left');
    const aborted = AbortSignal.abort(reason);
    await expect(client.fetch(`${orders.url}/orders`, { signal: aborted })).rejects.toBe(reason);
  });
});

it('accessToken and renew give the token that is held, and another one for one that was refused', async () => {
  const seen = recorded();
  const { client } = clientOf(seen);
  expect(await client.accessToken()).toBeUndefined();
  expect(await client.renew()).toBeUndefined();
  await client.logIn(account);
  const first = (await client.accessToken()) ?? '';
  expect(decodeJwt(first).aud).toContain(AUDIENCE);
  const renewed = await Promise.all([client.renew(first), client.renew(first), client.renew()]);
  expect(new Set(renewed).size).toBe(1);
  expect(renewed[0]).not.toBe(first);
  expect(await client.renew(first)).toBe(renewed[0]);
  expect(refreshes(seen)).toBe(1);
});

describe('a machine', () => {
  const clientId = 'cli_orders_reader';
  const clientSecret = 'a secret that is long enough for a machine';
  beforeAll(async () => {
    await ensureMachineClient(system.auth, {
      id: clientId,
      name: 'orders reader',
      scope: 'users:read verifiers:read',
      audience: ['urn:portcullis:auth', AUDIENCE],
      secret: clientSecret,
    });
  });
  const machineOf = (seen: Recorded) =>
    createMachineClient({
      authUrl: system.auth.url,
      clientId,
      clientSecret,
      fetch: seen.fetch,
      services: {
        orders: {
          url: orders.url,
          router: routerType<OrdersRouter>(),
          audience: AUDIENCE,
          scope: 'users:read',
        },
      },
    });

  it('calls services of one’s own with a token for these alone, and auth with its own', async () => {
    const seen = recorded();
    const machine = machineOf(seen);
    expect(await machine.services.orders.ofAll.query()).toBe(`the orders of all, for ${clientId}`);
    expect((await machine.auth.verifiers.list.query()).verifiers.length).toBeGreaterThan(0);
    const answer = await machine.fetch(`${orders.url}/trpc/ofAll`);
    expect(answer.status).toBe(200);
    const [, token = ''] = orders.arrived.at(-1)?.authorization?.split(' ') ?? [];
    expect(decodeJwt(token)).toMatchObject({ aud: [AUDIENCE], scope: 'users:read' });
    await expect(machine.fetch('https://orders.example.com/')).rejects.toThrow(TypeError);
    const own = createTRPCClient<OrdersRouter>({
      links: [machine.link({ url: `${orders.url}/trpc` })],
    });
    expect(await own.ofAll.query()).toContain(clientId);
  });

  it(`${CALLS} calls at once over a token that has expired fetch one`, async () => {
    const seen = recorded();
    const machine = machineOf(seen);
    await machine.services.orders.ofAll.query();
    await sleep(LIFE * 1_000 + 200);
    seen.asked.length = 0;
    const beganAt = performance.now();
    await Promise.all(
      Array.from({ length: CALLS }, async (_, call) =>
        call % 2 === 0
          ? await machine.services.orders.ofAll.query()
          : expect((await machine.fetch(`${orders.url}/trpc/ofAll`)).status).toBe(200),
      ),
    );
    const fetched = seen.asked.filter((path) => path === '/oauth2/token').length;
    expectOnceALife(fetched, performance.now() - beganAt);
  }, 30_000);

  it('gives out its token, narrowed, and another one for one that was refused', async () => {
    const machine = machineOf(recorded());
    const [whole, narrow] = await Promise.all([
      machine.token(),
      machine.token({ audience: AUDIENCE, scope: 'verifiers:read' }),
    ]);
    expect(decodeJwt(whole).aud).toEqual(['urn:portcullis:auth', AUDIENCE]);
    expect(decodeJwt(narrow)).toMatchObject({ aud: [AUDIENCE], scope: 'verifiers:read' });
    expect(await machine.token()).toBe(whole);
    expect(await machine.token({}, whole)).not.toBe(whole);
    await expect(machine.token({ audience: 'urn:acme:other' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(machine.token({ scope: 'users:write' })).rejects.toMatchObject({
      code: 'insufficient_scope',
    });
  });
});

/** The SDK against the services as they are: what the fake ones claim of the wire is true. */
import type { Tokens } from '@portcullis/api';
import { ensureMachineClient, startSystem, type TestSystem } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  createDpopKey,
  createMachineClient,
  createPortcullisClient,
  memoryStorage,
  type PortcullisClient,
} from '../src/index.ts';

let system: TestSystem;
let administrator: PortcullisClient;

beforeAll(async () => {
  system = await startSystem();
  administrator = clientOf(system);
  await administrator.logIn(system.administrator);
}, 180_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

function clientOf({ auth, user, admin }: TestSystem): PortcullisClient {
  return createPortcullisClient({ auth: auth.url, user: user.url, admin: admin.url });
}

async function loggedIn(email: string): Promise<PortcullisClient> {
  const client = clientOf(system);
  const password = 'correct horse battery staple';
  await client.auth.register.mutate({ email, password });
  await client.logIn({ email, password });
  return client;
}

/** The profile follows the registration by way of an event. */
async function profileOf(client: PortcullisClient) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await client.user.me.get.query();
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test('log in, call all three, log out, refused', async () => {
  const client = await loggedIn('ada@example.test');
  const ended: string[] = [];
  client.session.onSignedOut((reason) => ended.push(reason));
  expect(await profileOf(client)).toMatchObject({ email: 'ada@example.test' });
  expect(await client.auth.sessions.list.query()).toMatchObject({ sessions: [{ current: true }] });
  await expect(client.admin.users.list.query({})).rejects.toMatchObject({
    name: 'PortcullisError',
    code: 'insufficient_scope',
    status: 403,
    requestId: expect.stringMatching(/.+/),
  });
  const receipt = await client.logOut({ wait: 10_000 });
  expect(receipt).toMatchObject({ revoked: { kind: 'session' }, confirmed: 2, expected: 2 });
  expect(ended).toEqual(['logged_out']);
  await expect(client.user.me.get.query()).rejects.toMatchObject({ code: 'invalid_token' });
});

test('new roles take effect at once, by one silent refresh for 50 calls', async () => {
  const client = await loggedIn('grace@example.test');
  const { id } = await profileOf(client);
  const list = () => client.admin.users.list.query({ limit: 1 });
  await expect(list()).rejects.toMatchObject({ code: 'insufficient_scope' });
  await administrator.admin.users.setRoles.mutate({
    user_id: id,
    roles: ['support'],
    wait: 10_000,
  });
  // A second use of the refresh token would be taken for theft, and would end the session.
  await Promise.all(Array.from({ length: 50 }, list));
  await administrator.admin.users.setRoles.mutate({ user_id: id, roles: [], wait: 10_000 });
  await expect(list()).rejects.toMatchObject({ code: 'insufficient_scope' });
  await expect(client.user.me.get.query()).resolves.toMatchObject({ id });
});

test('a session that was ended elsewhere signs out here', async () => {
  const client = await loggedIn('alan@example.test');
  const { id } = await profileOf(client);
  const ended: string[] = [];
  client.session.onSignedOut((reason) => ended.push(reason));
  await administrator.admin.users.logout.mutate({ user_id: id, wait: 10_000 });
  await expect(client.user.me.get.query()).rejects.toMatchObject({ code: 'invalid_refresh_token' });
  expect(ended).toEqual(['refused']);
  expect(await client.session.id()).toBeUndefined();
});

test('an invalid input is answered with what is wrong with it', async () => {
  const wrong = administrator.user.me.update.mutate({ name: 7 as never });
  await expect(wrong).rejects.toMatchObject({
    code: 'invalid_request',
    status: 400,
    issues: [{ path: 'name' }],
  });
});

test('a machine client gets a token of its own, within its permissions', async () => {
  const clientId = 'cli_reader';
  const clientSecret = 'a secret: with + and % and ü, of some length';
  await ensureMachineClient(system.auth, {
    id: clientId,
    name: 'reader',
    scope: 'verifiers:read',
    secret: clientSecret,
  });
  const machine = createMachineClient({ authUrl: system.auth.url, clientId, clientSecret });
  const { verifiers } = await machine.verifiers.list.query();
  expect(verifiers.map(({ service }) => service).toSorted()).toEqual(['admin', 'user']);
  await expect(machine.accounts.list.query({})).rejects.toMatchObject({
    code: 'insufficient_scope',
  });
  const stranger = createMachineClient({ authUrl: system.auth.url, clientId, clientSecret: 'no' });
  await expect(stranger.verifiers.list.query()).rejects.toMatchObject({
    code: 'invalid_credentials',
    status: 401,
  });
});

test('a token bound to a key: each service takes it from its holder, and from no one who has copied it', async () => {
  const sent: { url: URL; headers: Headers; status: number }[] = [];
  const storage = memoryStorage();
  const { auth, user, admin } = system;
  const client = createPortcullisClient({
    auth: auth.url,
    user: user.url,
    admin: admin.url,
    storage,
    dpop: true,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const url = new URL(input instanceof Request ? input.url : String(input));
      sent.push({ url, headers: new Headers(init?.headers), status: response.status });
      return response;
    },
  });
  const [email, password] = ['edith@example.test', 'correct horse battery staple'];
  await client.auth.register.mutate({ email, password });
  await client.logIn({ email, password });
  // Once for the nonce, once with it; and each with a proof of its own.
  expect(
    sent.filter(({ url }) => url.pathname === '/trpc/login').map(({ status }) => status),
  ).toEqual([401, 200]);
  const { id } = await profileOf(client);
  await client.auth.sessions.list.query();
  await expect(client.admin.users.list.query({})).rejects.toMatchObject({
    code: 'insufficient_scope',
  });
  const told: string[] = [];
  const live = client.user.me.events.subscribe(undefined, {
    onData: ({ data }) => told.push(data.type),
  });
  await expect.poll(() => told[0]).toBe('ready');
  live.unsubscribe();

  const { access_token: copied, refresh_token: taken } = storage.get() as Tokens;
  for (const service of [auth, user, admin]) {
    const path = service === auth ? '/v1/sessions' : service === user ? '/v1/me' : '/v1/users';
    const answer = await fetch(`${service.url}${path}`, {
      headers: { authorization: `Bearer ${copied}` },
    });
    expect(answer.status).toBe(401);
  }
  const refreshed = await fetch(`${auth.url}/v1/refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh_token: taken }),
  });
  expect(refreshed.status).toBe(401);

  await administrator.admin.users.setRoles.mutate({
    user_id: id,
    roles: ['support'],
    wait: 10_000,
  });
  await expect(client.admin.users.list.query({ limit: 1 })).resolves.toBeDefined();
  expect(storage.get()).toMatchObject({ token_type: 'DPoP' });
  expect((storage.get() as Tokens).access_token).not.toBe(copied);
  const proofs = sent.map(({ headers }) => headers.get('dpop'));
  expect(new Set(proofs).size).toBe(sent.length);
  expect(sent.some(({ headers }) => headers.get('authorization')?.startsWith('Bearer '))).toBe(
    false,
  );
  expect(await client.logOut({ wait: 10_000 })).toMatchObject({ confirmed: 2, expected: 2 });
});

test('a machine may bind its token too', async () => {
  const clientId = 'cli_bound';
  const clientSecret = 'a secret that is long enough for a machine';
  await ensureMachineClient(system.auth, {
    id: clientId,
    name: 'bound',
    scope: 'verifiers:read',
    secret: clientSecret,
  });
  const schemes: (string | undefined)[] = [];
  const machine = createMachineClient({
    authUrl: system.auth.url,
    clientId,
    clientSecret,
    dpop: await createDpopKey(),
    fetch: async (input, init) => {
      schemes.push(new Headers(init?.headers).get('authorization')?.split(' ')[0]);
      return await fetch(input, init);
    },
  });
  expect((await machine.verifiers.list.query()).verifiers).toHaveLength(2);
  expect(schemes).toEqual(['Basic', 'Basic', 'DPoP']);
});

test.each([100, -100, 3_000])(
  'a device whose clock is off by %i s may bind its tokens',
  async (seconds) => {
    const { auth, user, admin } = system;
    const email = `clock${seconds}@example.test`;
    const credentials = { email, password: 'correct horse battery staple' };
    const client = createPortcullisClient({
      auth: auth.url,
      user: user.url,
      admin: admin.url,
      dpop: true,
    });
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + seconds * 1_000);
    try {
      await client.auth.register.mutate(credentials);
      await client.logIn(credentials);
      await expect(client.user.me.get.query()).resolves.toMatchObject({ email });
      // Somebody sets it right.
      clock.mockImplementation(now);
      await expect(client.user.me.get.query()).resolves.toMatchObject({ email });
      await expect(client.admin.users.list.query({})).rejects.toMatchObject({
        code: 'insufficient_scope',
      });
      expect(await client.logOut({ wait: 10_000 })).toMatchObject({ confirmed: 2, expected: 2 });
    } finally {
      clock.mockRestore();
    }
  },
);

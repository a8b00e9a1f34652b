/** The SDK against the services as they are: what the fake ones claim of the wire is true. */
import { ensureMachineClient, startSystem, type TestSystem } from '@portcullis/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createMachineClient,
  createPortcullisClient,
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

test('what is wrong with an input is told', async () => {
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

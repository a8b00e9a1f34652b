/** After a full scenario, no secret is in a database, a log, a message, a Redis key or a mail. */
import { connect } from '@nats-io/transport-node';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createTestBed,
  ensureMachineClient,
  natsOptions,
  startSystem,
  type TestSystem,
} from '@portcullis/testbed';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseText, folderText, redisText } from '../secrets/collect.ts';
import { scan, type Leak } from '../secrets/scan.ts';
import { logIn, post, refresh, type Account } from './calls.ts';
import { ensureApplication } from './signing-in.ts';

/** With characters that are written differently in JSON, in addresses and in forms. */
const canary = (name: string) => `canary "${name}" é+/ ${randomBytes(12).toString('base64url')}`;

let system: TestSystem;
let mails: string;
beforeAll(async () => {
  mails = await mkdtemp(join(tmpdir(), 'portcullis-mails-'));
  const loud = { LOG_LEVEL: 'trace' };
  system = await startSystem({
    auth: {
      ...loud,
      PORTCULLIS_ADMIN_PASSWORD: canary('admin'),
      PORTCULLIS_MAIL_FOLDER: mails,
      PORTCULLIS_MAIL_FROM: 'auth@example.test',
    },
    user: loud,
    admin: loud,
  });
}, 180_000);
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await rm(mails, { recursive: true, force: true });
});

/** Every message on the bus, from now on. */
async function listen() {
  const connection = await connect(natsOptions(system.bed.natsUrl));
  const messages: string[] = [];
  connection.subscribe('>', {
    callback: (_error, message) => {
      messages.push(`${message.subject}\n${message.string()}\n`);
    },
  });
  await connection.flush();
  return { messages, [Symbol.asyncDispose]: () => connection.close() };
}

/** A sign-in on the pages of auth, there and back, with a wrong password and a wrong verifier before. */
async function signInOnPages(
  auth: TestSystem['auth'],
  account: Account,
  secret: (name: string, value: string) => string,
): Promise<void> {
  const redirect = 'https://app.example.test/back';
  await ensureApplication(auth, { id: 'cli_pages', name: 'pages', redirect });
  const verifier = secret('a code verifier', randomBytes(32).toString('base64url'));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'cli_pages',
    redirect_uri: redirect,
    state: secret('a state', randomBytes(32).toString('base64url')),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const submit = async (path: string, fields: Record<string, string>): Promise<Response> =>
    await fetch(auth.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams(fields),
    });
  await submit(`/signin?${query}`, { ...account, password: secret('a typed one', `é${verifier}`) });
  const signedIn = await submit(`/signin?${query}`, { ...account });
  const back = new URL(signedIn.headers.get('location') ?? '');
  const code = secret('an authorization code', back.searchParams.get('code') ?? '');
  const grant = {
    grant_type: 'authorization_code',
    client_id: 'cli_pages',
    redirect_uri: redirect,
  };
  const wrong = secret('another verifier', randomBytes(32).toString('base64url'));
  for (const [given, status] of [
    [wrong, 400],
    [verifier, 200],
    [verifier, 400],
  ] as const) {
    const answer = await submit('/oauth2/token', { ...grant, code, code_verifier: given });
    expect(answer.status).toBe(status);
  }
}

test('no secret is left anywhere', async () => {
  await using bus = await listen();
  const { auth, user, admin } = system;
  const secrets = new Map([
    ['the administrator’s password', system.administrator.password],
    ['the key-encryption key', auth.env['PORTCULLIS_KEY_ENCRYPTION_KEY'] ?? ''],
  ]);
  const secret = (name: string, value = canary(name)): string => {
    secrets.set(name, value);
    return value;
  };

  const account: Account = { email: 'lovelace@example.test', password: secret('a password') };
  const registered = await post(`${auth.url}/v1/register`, { ...account, name: 'Ada' });
  expect(registered.status).toBe(201);
  // Again, with another password; then wrong ones, in every form.
  await post(`${auth.url}/v1/register`, { ...account, password: secret('a stranger’s password') });
  const wrong = secret('a wrong password');
  await post(`${auth.url}/v1/login`, { ...account, password: wrong });
  await post(`${auth.url}/trpc/login`, { ...account, password: wrong });
  const form = new URLSearchParams({ username: account.email, password: wrong });
  await fetch(`${auth.url}/v1/login`, { method: 'POST', body: form });
  await post(`${auth.url}/v1/login`, { ...account, password: wrong, more: wrong });
  const headers = { 'content-type': 'application/json' };
  const broken = `{"password":${JSON.stringify(wrong)}`;
  await fetch(`${auth.url}/v1/login`, { method: 'POST', headers, body: broken });

  const first = await logIn(auth.url, account);
  const renewed = await refresh(auth.url, first);
  // Where no token belongs.
  for (const url of [auth.url, user.url, admin.url]) {
    await fetch(`${url}/v1/me?access_token=${first.access_token}`);
    await fetch(`${url}/${first.refresh_token}?token=${first.refresh_token}`);
    await fetch(`${url}/v1/me`, {
      headers: { authorization: `Basic ${first.refresh_token}`, cookie: `a=${wrong.length}` },
    });
  }
  const own = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
  const inCookies = await fetch(`${auth.url}/v1/login`, {
    method: 'POST',
    headers: own,
    body: JSON.stringify({ ...account, transport: 'cookie' }),
  });
  const cookie = inCookies.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  expect(cookie).toContain('prt_');
  expect((await fetch(`${user.url}/v1/me`, { headers: { cookie } })).status).toBe(200);
  await fetch(`${auth.url}/v1/refresh`, { method: 'POST', headers: { ...own, cookie } });
  await fetch(`${auth.url}/v1/logout`, { method: 'POST', headers: { ...own, cookie } });

  await signInOnPages(auth, account, secret);

  const machine = { id: 'cli_canary', name: 'canary', scope: 'users:read' } as const;
  const machineSecret = secret('a client secret', randomBytes(32).toString('base64url'));
  await ensureMachineClient(auth, { ...machine, secret: machineSecret });
  for (const given of [machineSecret, secret('a wrong client secret', 'w'.repeat(40))]) {
    const basic = Buffer.from(`${machine.id}:${given}`).toString('base64');
    await fetch(`${auth.url}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
  }
  const administrator = await logIn(auth.url, system.administrator);
  const token = administrator.access_token;
  const found = await fetch(`${admin.url}/v1/users?query=${account.email}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const body: any = await found.json();
  const { id } = body.users[0];
  await post(`${admin.url}/v1/users/${id}/disable`, {}, token);
  await post(`${auth.url}/v1/logout`, {}, renewed.access_token);
  await post(`${admin.url}/v1/keys/rotate`, {}, token);
  // An old refresh token comes back, and ends its session.
  await post(`${auth.url}/v1/refresh`, { refresh_token: first.refresh_token });

  const kept: Record<string, string> = {
    'the database of auth': await databaseText(system.bed.databaseUrls.auth),
    'the database of user': await databaseText(system.bed.databaseUrls.user),
    'the log of auth': auth.log,
    'the log of user': user.log,
    'the log of admin': admin.log,
    'the bus': bus.messages.join(''),
    'the keys of Redis': await redisText(system.bed.redisUrl, system.bed.prefix),
  };
  const leaks: Leak[] = scan('a mail', await folderText(mails), secrets, ['a link token']);
  for (const [where, text] of Object.entries(kept)) {
    expect(text.length, where).toBeGreaterThan(0);
    leaks.push(...scan(where, text, secrets));
  }
  expect(leaks).toEqual([]);
  // What is looked at is what was kept: that which is no secret is there.
  expect(kept['the database of auth']).toContain(account.email);
  expect(kept['the database of user']).toContain(account.email);
  expect(kept['the bus']).toContain(account.email);
  expect(kept['the log of auth']).toContain('/v1/login');
});

test('a secret that is kept is found, however it is written', async () => {
  const value = canary('planted');
  const secrets = new Map([['it', value]]);
  const found = (text: string) => scan('here', text, secrets).length > 0;
  const bytes = Buffer.from(value);
  for (const encoding of ['hex', 'base64', 'base64url'] as const) {
    expect(found(`\\x00${bytes.toString(encoding)}`), encoding).toBe(true);
  }
  expect(found(JSON.stringify({ value }))).toBe(true);
  expect(found(`?a=${encodeURIComponent(value)}`)).toBe(true);
  expect(found(new URLSearchParams({ value }).toString())).toBe(true);
  expect(found(`prt_${'0'.repeat(26)}${'A'.repeat(64)}`)).toBe(true);
  expect(found('nothing of the kind')).toBe(false);
  await using bed = await createTestBed();
  const { Redis } = await import('ioredis');
  const redis = new Redis(bed.redisUrl);
  await redis.hset(`${bed.prefix}:planted`, 'field', value);
  redis.disconnect();
  expect(await redisText(bed.redisUrl, bed.prefix)).toContain('planted');
  expect(found(await redisText(bed.redisUrl, bed.prefix))).toBe(true);
});

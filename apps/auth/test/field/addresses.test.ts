/** Faults A4, A5, A6 and A9 of docs/field-faults.md: which addresses there are, and where mail goes. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';
import { MailServer } from '../mail/mail-server.ts';

/** A single label is a domain (RFC 5321 section 2.3.5); hosts that deliver to themselves use it. */
const ADMINISTRATOR = 'admin@localhost';

let system: AuthSystem;
let auth: AuthInstance;
let mail: MailServer;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({
    overrides: {
      PORTCULLIS_SMTP_URL: mail.url,
      PORTCULLIS_MAIL_FROM: 'auth@portcullis.test',
      PORTCULLIS_ADMIN_EMAIL: ADMINISTRATOR,
    },
  });
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
  await mail[Symbol.asyncDispose]();
});

const post = async (path: string, body: unknown, token?: string) =>
  await auth.call('POST', path, { body, ...(token === undefined ? {} : { token }) });
const recipientsLike = (address: string) =>
  mail.received.map(({ to }) => to).filter((to) => to.toLowerCase() === address.toLowerCase());
const unlike = () => randomBytes(6).toString('hex');

it('A5: mail goes to the address of the account, not to the spelling that was typed', async () => {
  const local = `Ada-${unlike()}`;
  const [stored, typed] = [`${local}@example.test`, `${local.toUpperCase()}@EXAMPLE.TEST`];
  expect((await auth.register(stored)).status).toBe(201);
  await expect.poll(() => recipientsLike(stored)).toEqual([stored]);
  const token = mail.to(stored)[0]?.token;
  await post('/v1/password/forgot', { email: typed });
  await expect.poll(() => recipientsLike(stored).length).toBe(2);
  await post('/v1/email/resend', { email: typed });
  await expect.poll(() => recipientsLike(stored).length).toBe(3);
  // Of the notice that an address which another account asks for is taken, once it is proven.
  const proof = { token, password: PASSWORD };
  expect((await post('/v1/email/verify', proof)).status).toBe(200);
  const other = await auth.newcomer();
  expect((await post('/v1/email/change', { email: typed }, other.access_token)).status).toBe(200);
  await expect.poll(() => recipientsLike(stored).length).toBe(4);
  expect(recipientsLike(stored)).toEqual([stored, stored, stored, stored]);
});

/** Whether an instance starts with that setting; it is ended again. */
async function startsWith(settings: Record<string, string>): Promise<boolean> {
  try {
    const instance = await system.start(settings);
    system.instances.pop();
    await instance[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  }
}

it('A4: an account that may be made can be recovered, whoever made it', async () => {
  await auth.logIn(ADMINISTRATOR, 'a drawbridge over still water');
  const { status, body } = await post('/v1/password/forgot', { email: ADMINISTRATOR });
  expect([status, body.code]).toEqual([200, undefined]);
  await expect.poll(() => recipientsLike(ADMINISTRATOR).length).toBe(1);
  const token = mail.to(ADMINISTRATOR)[0]?.token;
  const password = 'seven herons under a tin roof';
  expect((await post('/v1/password/reset', { token, password })).status).toBe(200);
  const { access_token } = await auth.logIn(ADMINISTRATOR, password);
  expect((await post('/v1/email/resend', { email: ADMINISTRATOR })).status).toBe(200);
  // The doors by which an address becomes an account's agree on it.
  const near = `${unlike()}@localhost`;
  expect((await auth.register(near)).status).toBe(201);
  const next = `${unlike()}@localhost`;
  expect((await post('/v1/email/change', { email: next }, access_token)).status).toBe(200);
  // And on one in Unicode, which all refuse, in words.
  for (const [path, bearer] of [
    ['/v1/register', undefined],
    ['/v1/email/change', access_token],
  ] as const) {
    const unicode = { email: 'ü@example.com', ...(bearer ? {} : { password }) };
    const answer = await post(path, unicode, bearer);
    expect([answer.status, answer.body.issues?.[0]?.message]).toEqual([
      400,
      expect.stringMatching(/ASCII/),
    ]);
  }
  expect(await startsWith({ PORTCULLIS_ADMIN_EMAIL: 'ü@example.com' })).toBe(false);
});

it.each([
  'post@xn--e1afmkfd.xn--p1ai',
  'post@xn--fsqu00a.xn--fiqs8s',
  'a=b@example.com',
  'a&b@example.com',
  'a!b@example.com',
  'a/b@example.com',
  "!#$%&'*+-/=?^_`{|}~@example.com",
])('A6: the valid address %s is registered, written to, and found', async (address) => {
  expect((await auth.register(address)).status).toBe(201);
  // Not of the envelope, in which the test's server shows A-labels as Unicode.
  const written = () =>
    mail.received.filter(({ text }) => text.includes(`To: <${address}>`)).length;
  await expect.poll(written).toBe(1);
  await auth.logIn(address);
  const found = await auth.query('accounts.list', { query: address });
  expect(found.body.users.map(({ email }: { email: string }) => email)).toEqual([address]);
});

it('A6: an address in Unicode is refused in words that say what to write', async () => {
  for (const email of ['jörg@example.com', 'info@münchen.de', 'post@пример.рф']) {
    const { status, body } = await auth.register(email);
    expect([status, body.issues]).toEqual([
      400,
      [{ path: 'email', message: expect.stringMatching(/xn--/) }],
    ]);
  }
});

it('A9: what is too long to be an address is refused at every door', async () => {
  const user = await auth.newcomer();
  for (const address of [
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.com`,
    `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(60)}.eu`,
  ]) {
    const registered = await auth.register(address);
    const changed = await post('/v1/email/change', { email: address }, user.access_token);
    expect([registered.status, changed.status], address).toEqual([400, 400]);
    expect(registered.body.issues?.[0]?.message).toMatch(/too long/i);
    expect(await startsWith({ PORTCULLIS_ADMIN_EMAIL: address }), address).toBe(false);
    expect(await startsWith({ PORTCULLIS_MAIL_FROM: address }), address).toBe(false);
  }
  const longest = `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(58)}.eu`;
  expect((await auth.register(longest)).status).toBe(201);
});

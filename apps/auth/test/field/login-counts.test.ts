/** Faults from the field: what is counted against an account, and what takes it off again. */
import { startPrivateRedis, startTcpProxy } from '@portcullis/testbed';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';
import { MailServer } from '../mail/mail-server.ts';

const OTHER = 'seven herons under a tin roof';

let system: AuthSystem;
let auth: AuthInstance;
let mail: MailServer;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({
    overrides: {
      PORTCULLIS_RATE_LIMIT_SCALE: '1',
      PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1',
      PORTCULLIS_SMTP_URL: mail.url,
      PORTCULLIS_MAIL_FROM: 'auth@portcullis.test',
      PORTCULLIS_PUBLIC_URL: 'https://app.example.test/',
    },
  });
  auth = system.auth;
}, 120_000);
afterAll(async () => {
  await system.bed.dispose();
  await mail[Symbol.asyncDispose]();
});

let network = 0;
/** Each test comes from a network of its own. */
const from = () => ({ 'x-forwarded-for': `192.0.2.${(network += 1)}` });
type Headers = Record<string, string>;

const attempt = (email: string, password: string, headers: Headers, on = auth) =>
  on.call('POST', '/v1/login', { body: { email, password }, headers });

async function lockOut(email: string, headers: Headers): Promise<void> {
  for (let i = 0; i < 10; i += 1) await attempt(email, 'not the right password', headers);
  expect((await attempt(email, PASSWORD, headers)).status).toBe(429);
}

async function linkTo(email: string, subject: RegExp): Promise<string> {
  const found = () =>
    mail
      .to(email)
      .filter(({ text }) => subject.test(text))
      .at(-1)?.token;
  await expect.poll(found).toBeDefined();
  return found()!;
}

it('L2: after a reset by mail the new password logs in at once', async () => {
  const { email } = await auth.newcomer();
  const owner = from();
  await lockOut(email, owner);
  await auth.call('POST', '/v1/password/forgot', { body: { email }, headers: owner });
  const token = await linkTo(email, /^Subject: .*new password/im);
  const body = { token, password: OTHER };
  const reset = await auth.call('POST', '/v1/password/reset', { body, headers: owner });
  expect(reset.status).toBe(200);
  expect((await attempt(email, OTHER, owner)).status).toBe(200);
});

it('L2: after a verification by link the password that it lets set logs in at once', async () => {
  const { email } = await auth.newcomer();
  const owner = from();
  await lockOut(email, owner);
  const token = await linkTo(email, /^Subject: .*(confirm|verify)/im);
  const verified = await auth.call('POST', '/v1/email/verify', { body: { token }, headers: owner });
  expect(verified.body.password).toBe('void');
  // The link alone has taken the count off: what is refused now is a wrong password.
  expect((await attempt(email, PASSWORD, owner)).status).toBe(401);
  const body = { token: verified.body.reset_token, password: OTHER };
  await auth.call('POST', '/v1/password/reset', { body, headers: owner });
  expect((await attempt(email, OTHER, owner)).status).toBe(200);
});

it('L6: a count of what no password was looked at for is taken off a full Redis', async () => {
  await using redis = await startPrivateRedis();
  await using postgres = await startTcpProxy(system.bed.databaseUrls.auth);
  const full = await system.start({
    REDIS_URL: redis.url,
    DATABASE_URL: postgres.through(system.bed.databaseUrls.auth),
  });
  const { email } = await full.newcomer();
  const owner = from();
  const admin = new Redis(redis.url);
  try {
    const counted = async (): Promise<number> => {
      const [key] = await admin.keys('*:limit:login_account:*');
      return key === undefined ? 0 : Number(await admin.get(key));
    };
    // Counted, and then Postgres does not answer.
    postgres.pause();
    const held = Array.from({ length: 10 }, () => attempt(email, PASSWORD, owner, full));
    await expect.poll(counted).toBe(10);
    await redis.fill();
    postgres.cut();
    postgres.resume();
    for (const { status } of await Promise.all(held)) expect(status).toBe(503);
    await admin.config('SET', 'maxmemory', '0');
    await expect.poll(counted).toBe(0);
    postgres.mend();
    await expect
      .poll(async () => (await attempt(email, PASSWORD, owner, full)).status, { timeout: 5_000 })
      .toBe(200);
  } finally {
    admin.disconnect();
  }
});

/** One rule for addresses at each door by which one becomes an account's; accounts from before it work. */
import { randomBytes } from 'node:crypto';
import { ConfigurationError } from '@portcullis/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAdministrator } from '../../src/account/create-administrator.ts';
import { readAuthConfig } from '../../src/config.ts';
import { readCreateAdminConfig } from '../../src/config/commands.ts';
import {
  ADMIN,
  PASSWORD,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';
import { MailServer } from '../mail/mail-server.ts';

let system: AuthSystem;
let auth: AuthInstance;
let mail: MailServer;
let caller: string;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({
    overrides: { PORTCULLIS_SMTP_URL: mail.url, PORTCULLIS_MAIL_FROM: 'auth@portcullis.test' },
  });
  auth = system.auth;
  caller = (await auth.newcomer()).access_token;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
  await mail[Symbol.asyncDispose]();
});

const settings = {
  NODE_ENV: 'test',
  NATS_URL: 'nats://127.0.0.1:4222',
  REDIS_URL: 'redis://127.0.0.1:6379',
  DATABASE_URL: 'postgres://auth:x@127.0.0.1:5432/auth',
  PORTCULLIS_ISSUER: 'http://127.0.0.1:4000',
  PORTCULLIS_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64url'),
  PORTCULLIS_ADMIN_PASSWORD: ADMIN.password,
  PORTCULLIS_SMTP_URL: 'smtp://127.0.0.1:25',
  PORTCULLIS_MAIL_FROM: 'auth@portcullis.test',
};

/** @returns null, or the sentence that it is refused with */
type Door = (address: string) => Promise<string | null>;

const bySetting =
  (read: (address: string) => unknown, name: string): Door =>
  async (address) => {
    try {
      read(address);
      return null;
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return error.problems[0]?.replace(`${name}: `, '') ?? '';
    }
  };
const byRoute =
  (path: string, more: object, token?: () => string): Door =>
  async (email) => {
    const options = token === undefined ? {} : { token: token() };
    const { status, body } = await auth.call('POST', path, {
      body: { email, ...more },
      ...options,
    });
    if (status < 300) return null;
    expect([status, body.issues?.length]).toEqual([400, 1]);
    return body.issues[0].message;
  };

const DOORS: Record<string, Door> = {
  registration: byRoute('/v1/register', { password: PASSWORD }),
  'change of address': byRoute('/v1/email/change', {}, () => caller),
  'first administrator': bySetting(
    (email) => readAuthConfig({ ...settings, PORTCULLIS_ADMIN_EMAIL: email }),
    'PORTCULLIS_ADMIN_EMAIL',
  ),
  'command for an administrator': bySetting(
    (email) => readCreateAdminConfig({ ...settings, PORTCULLIS_ADMIN_EMAIL: email }),
    'PORTCULLIS_ADMIN_EMAIL',
  ),
  'sender of mails': bySetting(
    (from) => readAuthConfig({ ...settings, PORTCULLIS_MAIL_FROM: from, ...administrator }),
    'PORTCULLIS_MAIL_FROM',
  ),
};
const administrator = { PORTCULLIS_ADMIN_EMAIL: ADMIN.email };

const unlike = () => randomBytes(4).toString('hex');
const label = (length: number) => 'b'.repeat(length);

const GOOD = () => [
  `${unlike()}@example.com`,
  `o'brien+${unlike()}@example.com`,
  `${unlike()}!#$%&'*+-/=?^_\`{|}~@example.com`,
  `a.b.${unlike()}@example.com`,
  `${unlike()}@localhost`,
  `${unlike()}@xn--e1afmkfd.xn--p1ai`,
  `${unlike()}@a-b.c--d.museum`,
  `${unlike()}@1and1.com`,
  `${unlike()}@1.2.3.4.example`,
  `${unlike()}${'a'.repeat(56)}@${label(63)}.com`,
  ` ${unlike()}@example.com `,
];

const BAD: [address: string, words: RegExp][] = [
  ['jörg@example.com', /ASCII/],
  ['ada@münchen.de', /xn--/],
  ['ａｄａ@example.com', /ASCII/],
  ['ada\u200b@example.com', /ASCII/],
  ['ada.example.com', /no @/],
  ['@example.com', /before the @/],
  ['.ada@example.com', /before the @/],
  ['ada.@example.com', /before the @/],
  ['a..b@example.com', /before the @/],
  ['"a b"@example.com', /before the @/],
  ['a b@example.com', /before the @/],
  ['a\tb@example.com', /before the @/],
  ['a@b@example.com', /before the @/],
  ['Ada <ada@example.com>', /before the @/],
  ['ada@x.com,eve@x.com', /before the @/],
  [`${'a'.repeat(65)}@example.com`, /at most 64/],
  [`ada@${label(64)}.com`, /at most 63/],
  [`${'a'.repeat(64)}@${label(63)}.${label(63)}.${label(59)}.eu`, /at most 254/],
  ['ada@', /behind the @/],
  ['ada@-a.com', /behind the @/],
  ['ada@a-.com', /behind the @/],
  ['ada@a..com', /behind the @/],
  ['ada@a.com.', /behind the @/],
  ['ada@a_b.com', /behind the @/],
  ['ada@[127.0.0.1]', /behind the @/],
  ['ada@127.0.0.1', /number/],
];

describe.each(Object.entries(DOORS))('the %s', (_name, door) => {
  it('takes what is an address, single labels and A-labels included', async () => {
    for (const address of GOOD()) expect([address, await door(address)]).toEqual([address, null]);
  });

  it('refuses all else in words', async () => {
    for (const [address, words] of BAD) expect(await door(address), address).toMatch(words);
  });
});

it('an administrator who is made past the settings is judged alike', async () => {
  const never = async () => {
    throw new Error('asked');
  };
  const parts: any = { database: { transaction: never }, withChange: never, hasher: {} };
  const wanted = { email: 'ü@example.com', password: ADMIN.password };
  await expect(createAdministrator(parts, wanted, { onlyFirst: true })).rejects.toThrow(/ASCII/);
});

describe('an address from before the rule', () => {
  it.each([
    ['in Unicode', 'Jörg@exämple.example'],
    ['too long', `${'L'.repeat(65)}@example.com`],
  ])('that is %s logs in, is found, recovers, and is administered', async (_how, email) => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    const key = email.normalize('NFKC').toLowerCase();
    await system.sql`update users set email = ${email}, email_key = ${key} where id = ${id}`;
    await auth.logIn(email.toUpperCase());
    const found = await auth.query('accounts.list', { query: key.toUpperCase() });
    expect(found.body.users).toEqual([expect.objectContaining({ id, email })]);

    const { status } = await auth.call('POST', '/v1/password/forgot', { body: { email: key } });
    expect(status).toBe(200);
    const letters = () => mail.received.filter(({ text }) => text.includes(`To: <${email}>`));
    await expect.poll(() => letters().length).toBe(1);
    const token = letters()[0]?.token;
    const password = 'seven herons under a tin roof';
    const reset = { token, password };
    expect((await auth.call('POST', '/v1/password/reset', { body: reset })).status).toBe(200);
    await auth.logIn(email, password);

    const actor = await system.idOf(ADMIN.email);
    for (const verb of ['disable', 'enable', 'remove']) {
      const done = await auth.machine(`accounts.${verb}`, { user_id: id, actor });
      expect([verb, done.status]).toEqual([verb, 200]);
    }
  });
});

it('what only looks an account up answers 400 to what is no address at all, and else the same for all', async () => {
  for (const path of ['/v1/password/forgot', '/v1/email/resend']) {
    for (const [email, expected] of [
      ['nobody@example.com', 200],
      ['jörg@example.com', 200],
      ['a@b@example.com', 400],
      ['ada.example.com', 400],
      ['Ada <ada@example.com>', 400],
    ] as const) {
      const { status } = await auth.call('POST', path, { body: { email } });
      expect([path, email, status]).toEqual([path, email, expected]);
    }
  }
});

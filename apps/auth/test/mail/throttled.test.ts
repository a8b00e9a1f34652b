/** Mails that others can cause are bounded, and never so that an owner is without a link that works. */
import { randomBytes } from 'node:crypto';
import type { MailKind } from '../../src/database/schema/mail.ts';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { MailServer } from './mail-server.ts';

const OTHER = 'seven herons under a tin roof';

let system: AuthSystem;
let mail: MailServer;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({
    instances: 2,
    overrides: { PORTCULLIS_SMTP_URL: mail.url, PORTCULLIS_MAIL_FROM: 'auth@portcullis.test' },
  });
}, 120_000);

afterEach(() => {
  mail.onRecipient = async () => undefined;
});

afterAll(async () => {
  await system.bed.dispose();
  await mail[Symbol.asyncDispose]();
});

const someAddress = () => `${randomBytes(8).toString('hex')}@example.test`;

interface Owner {
  id: string;
  email: string;
  access_token: string;
}

async function newOwner(): Promise<Owner> {
  const made = await system.auth.newcomer();
  return { ...made, id: await system.idOf(made.email) };
}

async function post(path: string, body: unknown, token?: string): Promise<void> {
  const answer = await system.auth.call('POST', path, { body, ...(token && { token }) });
  expect([path, answer.status, answer.body.code]).toEqual([path, 200, undefined]);
}

const forgot = ({ email }: Owner) => post('/v1/password/forgot', { email });

/** What became of the mails of that kind, in their order, once there are so many. */
async function outcomes({ id }: Owner, kind: MailKind, count: number): Promise<(string | null)[]> {
  const rows = async () =>
    await system.sql`
    select outcome from mails where user_id = ${id} and kind = ${kind} order by id`;
  await expect.poll(async () => (await rows()).length).toBe(count);
  return (await rows()).map(({ outcome }) => outcome);
}

async function settledOutcomes(owner: Owner, kind: MailKind, count: number): Promise<string[]> {
  await expect.poll(() => outcomes(owner, kind, count)).not.toContain(null);
  return (await outcomes(owner, kind, count)).map(String);
}

const FIVE = Array<string>(5).fill('sent');

it('a link that is used up is no reason to hold back another: the count begins anew', async () => {
  const owner = await newOwner();
  for (let i = 0; i < 5; i += 1) await forgot(owner);
  expect(await settledOutcomes(owner, 'reset-password', 5)).toEqual(FIVE);
  const { token } = mail.to(owner.email).at(-1)!;
  await post('/v1/password/reset', { token, password: OTHER });
  await forgot(owner);
  expect((await settledOutcomes(owner, 'reset-password', 6)).at(-1)).toBe('sent');
});

it('links to verify are sent again when less than half of their life is left', async () => {
  const owner = await newOwner();
  const resend = () => post('/v1/email/resend', { email: owner.email });
  for (let i = 0; i < 5; i += 1) await resend();
  expect(await settledOutcomes(owner, 'resend-verification', 5)).toEqual(FIVE);
  await resend();
  expect((await settledOutcomes(owner, 'resend-verification', 6)).at(-1)).toBe('throttled');
  await system.sql`
    update links set expires_at = expires_at - interval '13 hours' where user_id = ${owner.id}`;
  await resend();
  expect((await settledOutcomes(owner, 'resend-verification', 7)).at(-1)).toBe('sent');
});

it('requests for other addresses hold back none for the one that is wanted', async () => {
  const owner = await newOwner();
  const move = (email: string) => post('/v1/email/change', { email }, owner.access_token);
  for (let i = 0; i < 5; i += 1) await move(someAddress());
  expect(await settledOutcomes(owner, 'confirm-email-change', 5)).toEqual(FIVE);
  const wanted = someAddress();
  await move(wanted);
  expect((await settledOutcomes(owner, 'confirm-email-change', 6)).at(-1)).toBe('sent');
  // There is a link for it now.
  await move(wanted.toUpperCase());
  expect((await settledOutcomes(owner, 'confirm-email-change', 7)).at(-1)).toBe('throttled');
});

it('a change of the own password begins no new count of mails to the mailbox of another', async () => {
  const asker = await newOwner();
  const [known, free] = [await newOwner(), someAddress()];
  await system.sql`update users set email_verified_at = now() where id = ${known.id}`;
  let [access, password] = [asker.access_token, PASSWORD];
  const askFor = async (addresses: string[]): Promise<void> => {
    for (const email of addresses) await post('/v1/email/change', { email }, access);
  };
  const changePassword = async (): Promise<void> => {
    const next = `${randomBytes(16).toString('hex')} herons`;
    const body = { current_password: password, new_password: next };
    await post('/v1/password/change', body, access);
    password = next;
    access = (await system.auth.logIn(asker.email, password)).access_token;
  };
  await askFor([known.email, known.email, free, free, free]);
  expect(await settledOutcomes(asker, 'confirm-email-change', 5)).toEqual(FIVE);
  await changePassword();
  await askFor([known.email, free, free]);
  const after = await settledOutcomes(asker, 'confirm-email-change', 8);
  // The link of before is dead, so that one more goes out where the address is proven by none.
  expect(after.slice(5)).toEqual(['throttled', 'sent', 'throttled']);
});

it('mails that wait count while they are good for something, and are dead with the password', async () => {
  const owner = await newOwner();
  await expect.poll(() => mail.to(owner.email).length).toBe(1);
  mail.onRecipient = async () => {
    throw Object.assign(new Error('greylisted'), { responseCode: 450 });
  };
  for (let i = 0; i < 5; i += 1) await forgot(owner);
  expect(await outcomes(owner, 'reset-password', 5)).toEqual(Array(5).fill(null));
  await forgot(owner);
  const last = async () => (await outcomes(owner, 'reset-password', 6)).at(-1);
  await expect.poll(last).toBe('throttled');
  await post(
    '/v1/password/change',
    { current_password: PASSWORD, new_password: OTHER },
    owner.access_token,
  );
  mail.onRecipient = async () => undefined;
  await forgot(owner);
  await expect.poll(async () => (await outcomes(owner, 'reset-password', 7)).at(-1)).toBe('sent');
  expect((await settledOutcomes(owner, 'reset-password', 7)).slice(0, 5)).toEqual(
    Array(5).fill('obsolete'),
  );
});

/** Faults A4, A5, A6 and A9 of docs/field-faults.md: which addresses there are, and where mail goes. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';
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
  await post('/v1/password/forgot', { email: typed });
  await expect.poll(() => recipientsLike(stored).length).toBe(2);
  await post('/v1/email/resend', { email: typed });
  await expect.poll(() => recipientsLike(stored).length).toBe(3);
  // Of the notice that an address which another account asks for is taken.
  const other = await auth.newcomer();
  expect((await post('/v1/email/change', { email: typed }, other.access_token)).status).toBe(200);
  await expect.poll(() => recipientsLike(stored).length).toBe(4);
  expect(recipientsLike(stored)).toEqual([stored, stored, stored, stored]);
});

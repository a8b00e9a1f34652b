/** Faults from the field about mails, their links, and the accounts that they go to. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN, PASSWORD, startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { MailServer, type ReceivedMail } from '../mail/mail-server.ts';

const OTHER = 'seven herons under a tin roof';

let system: AuthSystem;
let mail: MailServer;
/** Addresses whose server answers 450 for now, as greylisting ones do. */
const putOff = new Set<string>();
const refusedAt: string[] = [];

beforeAll(async () => {
  mail = await new MailServer().listen();
  mail.onRecipient = async (address) => {
    if (!putOff.has(address)) return;
    refusedAt.push(address);
    throw Object.assign(new Error('greylisted'), { responseCode: 450 });
  };
  system = await startAuthSystem({
    overrides: {
      PORTCULLIS_SMTP_URL: mail.url,
      PORTCULLIS_MAIL_FROM: 'auth@portcullis.test',
      PORTCULLIS_PUBLIC_URL: 'https://app.example.test',
    },
  });
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
  await mail[Symbol.asyncDispose]();
});

const someAddress = () => `${randomBytes(8).toString('hex')}@example.test`;
const post = (path: string, body: unknown, token?: string) =>
  system.auth.call('POST', path, { body, ...(token && { token }) });

/** The newest mail to that address with that subject, once there are so many. */
async function mailTo(address: string, subject: RegExp, count = 1): Promise<ReceivedMail> {
  const found = () =>
    mail.to(address).filter(({ text }) => subject.test(/^Subject: .*$/m.exec(text)![0]));
  await expect.poll(() => found().length).toBe(count);
  return found().at(-1)!;
}

const outcomes = async (id: string, kind: string): Promise<string[]> => {
  const rows = await system.sql`
    select outcome from mails where user_id = ${id} and kind = ${kind} order by created_at, id`;
  return rows.map(({ outcome }) => outcome);
};

async function administrator(what: 'disable' | 'enable', id: string): Promise<void> {
  const actor = await system.idOf(ADMIN.email);
  const wait = what === 'enable' ? {} : { wait: 0 };
  const answer = await system.auth.machine(`accounts.${what}`, { user_id: id, actor, ...wait });
  expect(answer.status).toBe(200);
}

type User = Awaited<ReturnType<AuthSystem['auth']['newcomer']>> & { id: string };

async function user(): Promise<User> {
  const made = await system.auth.newcomer();
  return { ...made, id: await system.idOf(made.email) };
}

/** What an owner does, or an administrator for them, when another has got in. */
const CAUSES: Record<string, (owner: User) => Promise<void>> = {
  'a reset by mail': async ({ email }) => {
    await post('/v1/password/forgot', { email });
    const { token } = await mailTo(email, /Set a new password/);
    expect((await post('/v1/password/reset', { token, password: OTHER })).status).toBe(200);
  },
  'a change of the password': async ({ access_token: token }) => {
    const body = { current_password: PASSWORD, new_password: OTHER };
    expect((await post('/v1/password/change', body, token)).status).toBe(200);
  },
  'disabling and enabling': async ({ id }) => {
    await administrator('disable', id);
    await administrator('enable', id);
  },
  'a change to another address': async ({ access_token }) => {
    const next = someAddress();
    await post('/v1/email/change', { email: next }, access_token);
    const { token } = await mailTo(next, /Confirm your new/);
    expect((await post('/v1/email/verify', { token })).status).toBe(200);
  },
};

it.each(Object.keys(CAUSES))(
  'A1: a change of address whose mail is late is dead after %s',
  async (cause) => {
    const owner = await user();
    const thief = someAddress();
    putOff.add(thief);
    await post('/v1/email/change', { email: thief }, owner.access_token);
    await expect.poll(() => refusedAt).toContain(thief);
    await CAUSES[cause]!(owner);
    putOff.delete(thief);
    const asked = async () => (await outcomes(owner.id, 'confirm-email-change'))[0];
    await expect.poll(asked).not.toBeNull();
    const [late] = mail.to(thief);
    const used = late && (await post('/v1/email/verify', { token: late.token })).status;
    const [row] = await system.sql`select email from users where id = ${owner.id}`;
    expect({ sent: await asked(), used, moved: row?.['email'] === thief }).toEqual({
      sent: 'obsolete',
      used: undefined,
      moved: false,
    });
  },
);

it('A1: a late link to reset a password or to verify an address is dead after it has changed', async () => {
  const owner = await user();
  await mailTo(owner.email, /Confirm your e-mail address/);
  putOff.add(owner.email);
  await post('/v1/password/forgot', { email: owner.email });
  await post('/v1/email/resend', { email: owner.email });
  const tried = () => refusedAt.filter((address) => address === owner.email).length;
  await expect.poll(tried).toBeGreaterThan(1);
  await CAUSES['a change of the password']!(owner);
  putOff.delete(owner.email);
  for (const kind of ['reset-password', 'resend-verification']) {
    await expect.poll(() => outcomes(owner.id, kind)).not.toContain(null);
    expect([kind, ...(await outcomes(owner.id, kind))]).toEqual([kind, 'obsolete']);
  }
  // What the change itself has to say comes all the same.
  await mailTo(owner.email, /Your password was changed/);
});

it('A2: a link from before an account was disabled is dead after it was enabled', async () => {
  const owner = await user();
  const thief = someAddress();
  const verification = await mailTo(owner.email, /Confirm your e-mail address/);
  await post('/v1/email/change', { email: thief }, owner.access_token);
  const change = await mailTo(thief, /Confirm your new/);
  await post('/v1/password/forgot', { email: owner.email });
  const reset = await mailTo(owner.email, /Set a new password/);
  await administrator('disable', owner.id);
  await administrator('enable', owner.id);
  const answers = [
    await post('/v1/email/verify', { token: change.token }),
    await post('/v1/email/verify', { token: verification.token }),
    await post('/v1/password/reset', { token: reset.token, password: OTHER }),
  ];
  expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual(
    Array(3).fill('400 invalid_link'),
  );
  expect(await system.idOf(owner.email)).toBe(owner.id);
  await system.auth.logIn(owner.email);
});

it('A3: requests by others keep no owner from a link that works', async () => {
  const owner = await user();
  const forgot = () => post('/v1/password/forgot', { email: owner.email });
  for (let i = 0; i < 5; i += 1) await forgot();
  await mailTo(owner.email, /Set a new password/, 5);
  await expect.poll(() => outcomes(owner.id, 'reset-password')).toEqual(Array(5).fill('sent'));
  // While those are good for long enough yet, one more is not needed.
  await forgot();
  await expect.poll(async () => (await outcomes(owner.id, 'reset-password'))[5]).toBe('throttled');
  // 31 minutes pass: no link is left.
  await system.sql`
    update links set expires_at = expires_at - interval '31 minutes' where user_id = ${owner.id}`;
  await system.sql`
    update mails set created_at = created_at - interval '31 minutes',
      settled_at = settled_at - interval '31 minutes' where user_id = ${owner.id}`;
  await forgot();
  await expect.poll(async () => (await outcomes(owner.id, 'reset-password')).length).toBe(7);
  await expect.poll(() => outcomes(owner.id, 'reset-password')).not.toContain(null);
  expect((await outcomes(owner.id, 'reset-password')).at(-1)).toBe('sent');
  const { token } = mail.to(owner.email).at(-1)!;
  expect((await post('/v1/password/reset', { token, password: OTHER })).status).toBe(200);
});

it('A7: an account that was never confirmed is sent a link, not to a login that is refused', async () => {
  const strict = await system.start({ PORTCULLIS_REQUIRE_VERIFIED_EMAIL: 'true' });
  const email = someAddress();
  await strict.register(email);
  await strict.register(email, OTHER);
  await expect(strict.logIn(email)).rejects.toThrow('401');
  const { token } = await mailTo(email, /You have an account already/);
  expect({ token }).toEqual({ token: expect.stringMatching(/^plk_/) });
  const verified = await post('/v1/email/verify', { token });
  expect([verified.status, verified.body.password]).toEqual([200, 'void']);
  const body = { token: verified.body.reset_token, password: OTHER };
  expect((await post('/v1/password/reset', body)).status).toBe(200);
  await strict.logIn(email, OTHER);
  await strict[Symbol.asyncDispose]();
});

it('A8: an address that was never confirmed does not stand against its proven owner', async () => {
  const squatter = await user();
  const owner = await user();
  await post('/v1/email/change', { email: squatter.email }, owner.access_token);
  const mails = () => mail.to(squatter.email).map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]);
  await expect.poll(() => mails().length).toBe(2);
  expect(mails()).toContain('Confirm your new e-mail address');
  const { token } = await mailTo(squatter.email, /Confirm your new/);
  const { status, body } = await post('/v1/email/verify', { token });
  expect([status, body.receipt?.revoked]).toEqual([200, { kind: 'subject', id: owner.id }]);
  expect(await system.idOf(squatter.email)).toBe(owner.id);
  // Nothing of the other is merged; it is over.
  expect(await system.auth.accepts(squatter.access_token)).toBe(false);
  expect((await system.auth.refresh(squatter.refresh_token)).status).toBe(401);
  await system.auth.logIn(squatter.email); // with the owner's password, which is the same here
  const events = await system.sql`
    select event ->> 'type' as type from account_events where user_id = ${squatter.id}`;
  expect(events.map(({ type }) => type)).toContain('deleted');
  const ended = await system.sql`select 1 from revocation_log where key = ${squatter.id}`;
  expect(ended).toHaveLength(1);
});

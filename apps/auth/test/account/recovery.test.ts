/** Links in mails: once, for a short time, dead with the password or the address, from configuration. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN,
  PASSWORD,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';
import { MailServer, type ReceivedMail } from '../mail/mail-server.ts';

const OTHER = 'seven herons under a tin roof';

let system: AuthSystem;
let auth: AuthInstance;
let mail: MailServer;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({
    instances: 2,
    overrides: {
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

const someAddress = () => `${randomBytes(8).toString('hex')}@example.test`;
const post = (path: string, body: unknown, token?: string, headers?: Record<string, string>) =>
  auth.call('POST', path, { body, ...(token && { token }), ...(headers && { headers }) });

/** The newest mail to that address with that subject, once it has come. */
async function mailTo(address: string, subject: RegExp, count = 1): Promise<ReceivedMail> {
  const found = () =>
    mail.to(address).filter(({ text }) => subject.test(/^Subject: .*$/m.exec(text)![0]));
  await expect.poll(() => found().length).toBe(count);
  return found().at(-1)!;
}

async function resetToken(email: string, count = 1): Promise<string> {
  await post('/v1/password/forgot', { email });
  return (await mailTo(email, /Set a new password/, count)).token!;
}

const changePassword = (token: string, from: string, to: string) =>
  post('/v1/password/change', { current_password: from, new_password: to }, token);

describe('a link', () => {
  it('is made of what is configured, whatever the request says', async () => {
    const { email } = await auth.newcomer();
    await post('/v1/password/forgot', { email }, undefined, {
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.test',
      origin: 'https://evil.test',
    });
    const { link, text } = await mailTo(email, /Set a new password/);
    expect(link).toMatch(/^https:\/\/app\.example\.test\/account\/reset-password#token=plk_/);
    expect(text).not.toContain('evil');
  });

  it.each(['reset', 'verify', 'verify with the password', 'change'])(
    'is good for one of 50 uses at once: %s',
    async (kind) => {
      const user = await auth.newcomer();
      const verification = await mailTo(user.email, /Confirm your e-mail address/);
      const next = someAddress();
      let body: Record<string, string>;
      if (kind === 'reset') body = { token: await resetToken(user.email), password: OTHER };
      else if (kind === 'verify') body = { token: verification.token! };
      else if (kind !== 'change') body = { token: verification.token!, password: PASSWORD };
      else {
        await post('/v1/email/change', { email: next }, user.access_token);
        body = { token: (await mailTo(next, /Confirm your new/)).token! };
      }
      const path = kind === 'reset' ? '/v1/password/reset' : '/v1/email/verify';
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          for (;;) {
            const answer = await system.instances[i % 2]!.call('POST', path, {
              body: { ...body, wait: 0 },
            });
            // More passwords wait to be hashed than may, or more wait for the account than have time: nothing has
            // been done, and it comes again.
            if (answer.status !== 503) return answer;
            await sleep(100);
          }
        }),
      );
      const statuses = answers.map(({ status, body: { code } }) => `${status} ${code}`).toSorted();
      expect(statuses).toEqual(['200 undefined', ...Array(49).fill('400 invalid_link')]);
      expect(await auth.accepts(user.access_token)).toBe(kind === 'verify with the password');
    },
  );

  it('is dead after the password, the address, its time, or the account has changed', async () => {
    const byPassword = await auth.newcomer();
    const token = await resetToken(byPassword.email);
    const verification = await mailTo(byPassword.email, /Confirm your e-mail address/);
    await changePassword(byPassword.access_token, PASSWORD, OTHER);
    const refused = async (path: string, body: unknown) => {
      const answer = await post(path, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_link']);
    };
    await refused('/v1/password/reset', { token, password: 'yet another long one here' });
    await refused('/v1/email/verify', { token: verification.token });
    await auth.logIn(byPassword.email, OTHER);

    const byAddress = await auth.newcomer();
    const old = await resetToken(byAddress.email);
    const next = someAddress();
    await post('/v1/email/change', { email: next }, byAddress.access_token);
    const confirm = (await mailTo(next, /Confirm your new/)).token;
    expect((await post('/v1/email/verify', { token: confirm })).status).toBe(200);
    await refused('/v1/password/reset', { token: old, password: OTHER });

    const byTime = await auth.newcomer();
    const late = await resetToken(byTime.email);
    await system.sql`update links set expires_at = now() where user_id = ${await system.idOf(byTime.email)}`;
    await refused('/v1/password/reset', { token: late, password: OTHER });

    const disabled = await auth.newcomer();
    const useless = await resetToken(disabled.email);
    await system.sql`update users set status = 'disabled' where email_key = ${disabled.email}`;
    await refused('/v1/password/reset', { token: useless, password: OTHER });

    // One is no good for what another is for, and an invention for nothing.
    const user = await auth.newcomer();
    await refused('/v1/email/verify', { token: await resetToken(user.email) });
    const other = (await mailTo(user.email, /Confirm your e-mail address/)).token;
    await refused('/v1/password/reset', { token: other, password: OTHER });
    await refused('/v1/password/reset', { token: `plk_${'A'.repeat(43)}`, password: OTHER });
    await refused('/v1/email/verify', { token: 'nothing of the kind' });
  });

  it('goes with the account, and stands nowhere in plain', async () => {
    const { email } = await auth.newcomer();
    const token = await resetToken(email);
    const id = await system.idOf(email);
    const actor = await system.idOf(ADMIN.email);
    const rows = await system.sql`select row_to_json(l)::text as row from links l`;
    expect(rows.map(({ row }) => row).join()).not.toContain(token);
    await auth.machine('accounts.remove', { user_id: id, actor, wait: 0 });
    expect(await system.sql`select 1 from links where user_id = ${id}`).toHaveLength(0);
    expect(await system.sql`select 1 from mails where user_id = ${id}`).toHaveLength(0);
  });
});

describe('a new password', () => {
  it('a reset ends every session, with a receipt, and the owner gets a mail', async () => {
    const user = await auth.newcomer();
    const second = await auth.logIn(user.email);
    const answer = await changePassword(second.access_token, PASSWORD, OTHER);
    expect(answer.status).toBe(200);
    expect(answer.body.revoked).toEqual({ kind: 'subject', id: await system.idOf(user.email) });
    for (const { access_token, refresh_token } of [user, second]) {
      expect(await auth.accepts(access_token)).toBe(false);
      expect((await auth.refresh(refresh_token)).status).toBe(401);
    }
    await expect(auth.logIn(user.email)).rejects.toThrow('401');
    await auth.logIn(user.email, OTHER);
    await mailTo(user.email, /Your password was changed/);
  });

  it('by a link does the same, and verifies the address', async () => {
    const user = await auth.newcomer();
    const token = await resetToken(user.email);
    const weak = await post('/v1/password/reset', { token, password: 'short' });
    expect([weak.status, weak.body.issues[0].path]).toEqual([400, 'password']);
    // What was refused has not used it up.
    expect((await post('/v1/password/reset', { token, password: OTHER })).status).toBe(200);
    expect(await auth.accepts(user.access_token)).toBe(false);
    await auth.logIn(user.email, OTHER);
    await mailTo(user.email, /Your password was changed/);
    const [row] = await system.sql`
      select email_verified_at from users where email_key = ${user.email}`;
    expect(row?.['email_verified_at']).not.toBeNull();
  });

  it('takes the present one and a recent login', async () => {
    const user = await auth.newcomer();
    const wrong = await changePassword(user.access_token, 'not the right password', OTHER);
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_credentials']);
    await system.sql`
      update sessions set auth_time = now() - interval '16 minutes' where id = ${user.session_id}`;
    for (const answer of [
      await changePassword(user.access_token, PASSWORD, OTHER),
      await post('/v1/email/change', { email: someAddress() }, user.access_token),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([401, 'login_too_old']);
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer realm="portcullis", error="insufficient_user_authentication", max_age="900"',
      );
    }
  });
});

describe('another address', () => {
  it('a change of address is proven by a link, mailed to both addresses, and published to other services', async () => {
    const user = await auth.newcomer();
    const next = someAddress();
    const asked = await post('/v1/email/change', { email: next }, user.access_token);
    expect([asked.status, asked.body]).toEqual([200, { status: 'accepted' }]);
    await mailTo(user.email, /change of your e-mail/);
    const { token } = await mailTo(next, /Confirm your new/);
    await auth.logIn(user.email);
    const { status, body } = await post('/v1/email/verify', { token });
    expect([status, body.status, body.password]).toEqual([200, 'verified', 'kept']);
    expect(body.receipt.revoked.kind).toBe('subject');
    expect(await auth.accepts(user.access_token)).toBe(false);
    await expect(auth.logIn(user.email)).rejects.toThrow('401');
    await auth.logIn(next);
    await mailTo(user.email, /was changed/);
    await mailTo(next, /was changed/);
    const events = await system.sql`
      select event from account_events where event ->> 'email' = ${next}`;
    expect(events.map(({ event }) => event.type)).toEqual(['email-changed']);
  });

  it('a change to an address in use is answered the same, and its owner gets a mail instead', async () => {
    const [user, owner] = [await auth.newcomer(), await auth.newcomer()];
    await verify(owner.email);
    const answer = await post('/v1/email/change', { email: owner.email }, user.access_token);
    expect([answer.status, answer.body]).toEqual([200, { status: 'accepted' }]);
    expect((await mailTo(owner.email, /have an account already/)).token).toBeUndefined();
    // And one that was free when the link was sent.
    const next = someAddress();
    await post('/v1/email/change', { email: next }, user.access_token);
    const { token } = await mailTo(next, /Confirm your new/);
    await auth.register(next);
    await verify(next);
    const late = await post('/v1/email/verify', { token });
    expect([late.status, late.body.code]).toEqual([400, 'invalid_link']);
    await auth.logIn(user.email);
  });
});

/** By its registrant, who reads the mailbox too. */
async function verify(email: string): Promise<void> {
  const { token } = await mailTo(email, /Confirm your e-mail address/);
  const answer = await post('/v1/email/verify', { token, password: PASSWORD });
  expect(answer.status).toBe(200);
}

describe('verifying', () => {
  it('verification by the link alone voids what another registrant has done with the address', async () => {
    const stranger = await auth.newcomer();
    const { token } = await mailTo(stranger.email, /Confirm your e-mail address/);
    const { status, body } = await post('/v1/email/verify', { token });
    expect([status, body.password]).toEqual([200, 'void']);
    expect(await auth.accepts(stranger.access_token)).toBe(false);
    expect((await auth.refresh(stranger.refresh_token)).status).toBe(401);
    await expect(auth.logIn(stranger.email)).rejects.toThrow('401');
    // The owner goes on from here at once.
    const { reset_token: reset } = body;
    expect((await post('/v1/password/reset', { token: reset, password: OTHER })).status).toBe(200);
    await auth.logIn(stranger.email, OTHER);
  });

  it('with the password keeps what its registrant has done', async () => {
    const strict = await system.start({ PORTCULLIS_REQUIRE_VERIFIED_EMAIL: 'true' });
    const user = await auth.newcomer();
    await expect(strict.logIn(user.email)).rejects.toThrow('401');
    const { token } = await mailTo(user.email, /Confirm your e-mail address/);
    const wrong = await post('/v1/email/verify', { token, password: OTHER });
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_credentials']);
    const { status, body } = await post('/v1/email/verify', { token, password: PASSWORD });
    expect([status, body]).toEqual([
      200,
      { status: 'verified', password: 'kept', reset_token: null, receipt: null },
    ]);
    expect(await auth.accepts(user.access_token)).toBe(true);
    await strict.logIn(user.email);
  });

  it('can be asked for again, in which case the former link goes on', async () => {
    const { email } = await auth.newcomer();
    await mailTo(email, /Confirm your e-mail address/);
    const answer = await post('/v1/email/resend', { email });
    expect([answer.status, answer.body]).toEqual([200, { status: 'accepted' }]);
    const { token } = await mailTo(email, /Confirm your e-mail address/, 2);
    expect((await post('/v1/email/verify', { token, password: PASSWORD })).status).toBe(200);
    // Nobody is sent one who has nothing to verify.
    await post('/v1/email/resend', { email });
    await post('/v1/email/resend', { email: someAddress() });
    const waiting = async () =>
      await system.sql`select outcome from mails where kind = 'resend-verification' order by created_at`;
    await expect
      .poll(async () => (await waiting()).map(({ outcome }) => outcome))
      .toEqual(['sent', 'obsolete', 'obsolete']);
  });
});

it('sends one account no more than five mails of a kind in an hour', async () => {
  const { email } = await auth.newcomer();
  for (let i = 0; i < 7; i += 1) await post('/v1/password/forgot', { email });
  const id = await system.idOf(email);
  const outcomes = async () => {
    const rows = await system.sql`
      select outcome from mails where user_id = ${id} and kind = 'reset-password'`;
    return rows.map(({ outcome }) => String(outcome)).toSorted((a, b) => a.localeCompare(b));
  };
  await expect
    .poll(outcomes)
    .toEqual(['sent', 'sent', 'sent', 'sent', 'sent', 'throttled', 'throttled']);
});

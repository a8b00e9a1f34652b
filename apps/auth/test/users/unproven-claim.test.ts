/** An account that never proved its address gives way to one that does; and what each letter says to whom. */
import { randomBytes } from 'node:crypto';
import { newId } from '@portcullis/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLinkTokens } from '../../src/link/link-tokens.ts';
import type { LinkPurpose } from '../../src/database/schema/mail.ts';
import { ADMIN, PASSWORD, startAuthSystem, type Answer, type AuthSystem } from '../auth-system.ts';
import { MailServer, type ReceivedMail } from '../mail/mail-server.ts';

let system: AuthSystem;
let mail: MailServer;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({
    instances: 2,
    overrides: { PORTCULLIS_SMTP_URL: mail.url, PORTCULLIS_MAIL_FROM: 'auth@portcullis.test' },
  });
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
  await mail[Symbol.asyncDispose]();
});

const linkTokens = createLinkTokens(Buffer.alloc(32, 7));
const someAddress = () => `${randomBytes(8).toString('hex')}@example.test`;

interface Account {
  id: string;
  email: string;
  access_token: string;
  refresh_token: string;
}

async function account(): Promise<Account> {
  const made = await system.auth.newcomer();
  return { ...made, id: await system.idOf(made.email) };
}

async function linkTo({ id: user }: Account, purpose: LinkPurpose, to?: string): Promise<string> {
  const id = newId('lnk');
  const token = linkTokens.of(id);
  await system.sql`
    insert into links (id, purpose, user_id, token_hash, credential_version, expires_at, new_email)
    select ${id}, ${purpose}, u.id, ${token.hash}, u.credential_version, now() + interval '1 hour',
      ${to ?? null}
    from users u where id = ${user}`;
  return token.text;
}

/** @param instance one of the two */
const verify = (token: string, instance = 0, password?: string): Promise<Answer> =>
  system.instances[instance]!.call('POST', '/v1/email/verify', {
    body: { token, wait: 0, ...(password === undefined ? {} : { password }) },
  });
const code = ({ status, body }: Answer) => `${status} ${body.code ?? 'done'}`;

async function prove(of: Account): Promise<void> {
  expect(code(await verify(await linkTo(of, 'verify-email'), 0, PASSWORD))).toBe('200 done');
}

async function disable({ id }: Account): Promise<void> {
  const actor = await system.idOf(ADMIN.email);
  const answer = await system.auth.machine('accounts.disable', { user_id: id, actor, wait: 0 });
  expect(answer.status).toBe(200);
}

const statusOf = async ({ id }: Account): Promise<string> => {
  const [row] = await system.sql`select status from users where id = ${id}`;
  return row?.['status'];
};
const deletionsOf = async ({ id }: Account): Promise<number[]> => {
  const [row] = await system.sql`select
    (select count(*)::int from account_events where user_id = ${id} and event ->> 'type' = 'deleted')
      as events,
    (select count(*)::int from revocation_log where key = ${id}) as revocations,
    (select count(*)::int from audit_log where target_id = ${id} and action = 'account.deleted')
      as audits`;
  return [row?.['events'], row?.['revocations'], row?.['audits']];
};

async function letterTo(address: string, subject: RegExp): Promise<ReceivedMail> {
  const found = () =>
    mail.to(address).filter(({ text }) => subject.test(/^Subject: .*$/m.exec(text)![0]));
  await expect.poll(() => found().length).toBe(1);
  return found()[0]!;
}

describe('an address that an account only claims', () => {
  it.each(['active', 'disabled'])(
    'goes to whom proves it, from an account that is %s',
    async (status) => {
      const [claims, mover] = [await account(), await account()];
      if (status === 'disabled') await disable(claims);
      const before = await deletionsOf(claims);
      const answer = await verify(await linkTo(mover, 'change-email', claims.email));
      expect(code(answer)).toBe('200 done');
      expect(answer.body.receipt.revoked).toEqual({ kind: 'subject', id: mover.id });
      expect(await system.idOf(claims.email)).toBe(mover.id);
      expect(await statusOf(claims)).toBe('deleted');
      const [events, revocations, audits] = await deletionsOf(claims);
      expect([events, revocations! - before[1]!, audits]).toEqual([1, 1, 1]);
      expect(await system.auth.accepts(claims.access_token)).toBe(false);
      expect((await system.auth.refresh(claims.refresh_token)).status).toBe(401);
      expect(await system.sql`select 1 from mails where user_id = ${claims.id}`).toHaveLength(0);
    },
  );

  it('stays where it was proven, by an active account or a disabled one', async () => {
    for (const isDisabled of [false, true]) {
      const [holds, mover] = [await account(), await account()];
      await prove(holds);
      if (isDisabled) await disable(holds);
      const answer = await verify(await linkTo(mover, 'change-email', holds.email));
      expect(code(answer)).toBe('400 invalid_link');
      expect(await system.idOf(holds.email)).toBe(holds.id);
      await system.auth.logIn(mover.email);
    }
  });

  it('stays with an account that was given a role, whose own link is sent instead', async () => {
    const [holds, mover] = [await account(), await account()];
    await letterTo(holds.email, /Confirm your e-mail address/);
    await system.giveRoles(holds.email, ['support']);
    const answer = await verify(await linkTo(mover, 'change-email', holds.email));
    expect(code(answer)).toBe('400 invalid_link');
    await system.auth.call('POST', '/v1/email/change', {
      token: mover.access_token,
      body: { email: holds.email },
    });
    const { token } = await letterTo(holds.email, /have an account already/);
    expect(code(await verify(token!, 0, PASSWORD))).toBe('200 done');
    expect(await system.idOf(holds.email)).toBe(holds.id);
  });

  it('goes to one of two who prove it at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [claims, ...movers] = await Promise.all([account(), account(), account()]);
      const tokens = await Promise.all(
        movers.map(async (mover) => await linkTo(mover, 'change-email', claims.email)),
      );
      const answers = await Promise.all(tokens.map(async (token, i) => await verify(token, i)));
      expect(answers.map(code).toSorted()).toEqual(['200 done', '400 invalid_link']);
      const winner = movers[answers.findIndex(({ status }) => status === 200)]!;
      expect(await system.idOf(claims.email)).toBe(winner.id);
      expect(await deletionsOf(claims)).toEqual([1, 1, 1]);
    }
  });

  it('and the other way round, when two move to the address of each other: one moves, one is gone', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = await Promise.all([account(), account()]);
      const tokens = [
        await linkTo(one, 'change-email', other.email),
        await linkTo(other, 'change-email', one.email),
      ];
      const answers = await Promise.all(tokens.map(async (token, i) => await verify(token, i)));
      expect(answers.map(code).toSorted()).toEqual(['200 done', '400 invalid_link']);
      expect([await statusOf(one), await statusOf(other)].toSorted()).toEqual([
        'active',
        'deleted',
      ]);
    }
  });

  it('is proven by its own account or by another, and never by both', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [claims, mover] = await Promise.all([account(), account()]);
      const [own, others] = [
        await linkTo(claims, 'verify-email'),
        await linkTo(mover, 'change-email', claims.email),
      ];
      const answers = await Promise.all([verify(own, 0), verify(others, 1)]);
      expect(answers.map(code).toSorted()).toEqual(['200 done', '400 invalid_link']);
      const owner = answers[0].status === 200 ? claims : mover;
      expect(await system.idOf(claims.email)).toBe(owner.id);
    }
  });

  it('is not lost by an account in use that the letter could not name, registered after it', async () => {
    const mover = await account();
    const next = someAddress();
    const change = async (): Promise<void> => {
      const answer = await system.auth.call('POST', '/v1/email/change', {
        token: mover.access_token,
        body: { email: next },
      });
      expect(answer.status).toBe(200);
    };
    await change();
    const before = await letterTo(next, /new e-mail address/);
    expect(before.text).not.toContain('There is an account');
    await system.auth.register(next);
    const uses = await system.auth.logIn(next);
    expect(code(await verify(before.token!))).toBe('400 invalid_link');
    expect(await system.auth.accepts(uses.access_token)).toBe(true);

    // A letter that names it says what is lost, and how to keep it.
    await change();
    const letters = () => mail.to(next).filter(({ text }) => text.includes('There is an account'));
    await expect.poll(() => letters().length).toBe(1);
    const { text, token } = letters()[0]!;
    expect(text.replace(/\s+/g, ' ')).toMatch(/deletes it.*keep it.*forgot password/);
    expect(code(await verify(token!, 1))).toBe('200 done');
    expect(await system.idOf(next)).toBe(mover.id);
    expect(await system.auth.accepts(uses.access_token)).toBe(false);
  });

  it('is proven by the mailbox of the claim, however the request spells the address', async () => {
    const mover = await account();
    const claimed = `Ada-${someAddress()}`;
    await system.auth.register(claimed);
    const typed = claimed.toUpperCase();
    const answer = await system.auth.call('POST', '/v1/email/change', {
      token: mover.access_token,
      body: { email: typed },
    });
    expect(answer.status).toBe(200);
    const settled = async () =>
      await system.sql`select outcome from mails
        where user_id = ${mover.id} and kind = 'confirm-email-change' and outcome is not null`;
    await expect.poll(async () => (await settled()).length).toBe(1);
    expect(mail.to(typed)).toEqual([]);
    const { token } = await letterTo(claimed, /new e-mail address/);
    expect(code(await verify(token!))).toBe('200 done');
    const [moved] = await system.sql`select email from users where id = ${mover.id}`;
    expect(moved).toEqual({ email: claimed });
  });

  it('is not kept by a registration in the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const mover = await account();
      const next = someAddress();
      const token = await linkTo(mover, 'change-email', next);
      const [registered, moved] = await Promise.all([
        system.instances[0]!.register(next),
        verify(token, 1),
      ]);
      expect([registered.status, code(moved)]).toEqual([201, '200 done']);
      expect(await system.idOf(next)).toBe(mover.id);
    }
  });
});

describe('the letter that an account exists', () => {
  const SUBJECT = /have an account already/;

  it('tells the owner of a proven address to log in', async () => {
    const known = await account();
    await prove(known);
    await system.auth.register(known.email);
    const { text, token } = await letterTo(known.email, SUBJECT);
    expect(token).toBeUndefined();
    expect(text.replace(/\s+/g, ' ')).toContain('log in, or choose "forgot password"');
  });

  it('carries the link where the address was never proven', async () => {
    const known = await account();
    await system.auth.register(known.email);
    const { text, token } = await letterTo(known.email, SUBJECT);
    expect(text).not.toContain('log in');
    expect(code(await verify(token!))).toBe('200 done');
  });

  it('says nothing of a login that is refused, nor carries a link, where the account is disabled', async () => {
    for (const isProven of [true, false]) {
      const known = await account();
      if (isProven) await prove(known);
      await disable(known);
      await system.auth.register(known.email);
      const { text, token } = await letterTo(known.email, SUBJECT);
      expect(token).toBeUndefined();
      expect(text).not.toMatch(/log in|forgot/);
      expect(text.replace(/\s+/g, ' ')).toContain('contact the operator');
    }
  });

  it('is not sent for an account that was deleted, whose address is free', async () => {
    const known = await account();
    // One that was not sent yet would not be sent any more.
    await expect.poll(() => mail.to(known.email).length).toBe(1);
    const actor = await system.idOf(ADMIN.email);
    await system.auth.machine('accounts.remove', { user_id: known.id, actor, wait: 0 });
    await system.auth.register(known.email);
    await expect.poll(() => mail.to(known.email).length).toBe(2);
    expect(mail.to(known.email).every(({ text }) => !SUBJECT.test(text))).toBe(true);
    await system.auth.logIn(known.email);
  });
});

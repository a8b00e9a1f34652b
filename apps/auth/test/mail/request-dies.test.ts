/** Each kind of mail and each purpose of a link, against each change of a credential: what is dead, and what is not. */
import { randomBytes } from 'node:crypto';
import { newId, type MailId, type UserId } from '@portcullis/contracts';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { createLinkTokens } from '../../src/link/link-tokens.ts';
import type { LinkPurpose, MailKind } from '../../src/database/schema/mail.ts';
import type { MailIntent } from '../../src/change/mail-intent.ts';
import { ADMIN, PASSWORD, startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { MailServer } from './mail-server.ts';

const OTHER = 'seven herons under a tin roof';

let system: AuthSystem;
let mail: MailServer;
let actor: string;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({
    instances: 2,
    overrides: { PORTCULLIS_SMTP_URL: mail.url, PORTCULLIS_MAIL_FROM: 'auth@portcullis.test' },
  });
  actor = await system.idOf(ADMIN.email);
}, 120_000);

afterEach(() => {
  mail.onRecipient = async () => undefined;
  mail.beforeAnswer = async () => undefined;
});

afterAll(async () => {
  await system.bed.dispose();
  await mail[Symbol.asyncDispose]();
});

const someAddress = () => `${randomBytes(8).toString('hex')}@example.test`;
const linkTokens = createLinkTokens(Buffer.alloc(32, 7));

interface User {
  id: UserId;
  email: string;
  access_token: string;
}

async function user(): Promise<User> {
  const made = await system.auth.newcomer();
  return { ...made, id: (await system.idOf(made.email)) as UserId };
}

/** A token as it would stand in a mail that has arrived. */
async function linkTo(owner: User, purpose: LinkPurpose): Promise<string> {
  const id = newId('lnk');
  const token = linkTokens.of(id);
  await system.sql`
    insert into links (id, purpose, user_id, token_hash, credential_version, expires_at, new_email)
    select ${id}, ${purpose}, u.id, ${token.hash}, u.credential_version, now() + interval '1 hour',
      ${purpose === 'change-email' ? someAddress() : null}
    from users u where id = ${owner.id}`;
  return token.text;
}

async function useLink(token: string, purpose: LinkPurpose): Promise<string> {
  const isReset = purpose === 'reset-password';
  const { status, body } = await system.auth.call(
    'POST',
    isReset ? '/v1/password/reset' : '/v1/email/verify',
    { body: { token, wait: 0, ...(isReset ? { password: OTHER } : {}) } },
  );
  return `${status} ${body.code ?? 'done'}`;
}

const succeed = async (answer: Promise<{ status: number }>) =>
  expect((await answer).status).toBe(200);
const administer = (what: string, { id }: User, more: object = { wait: 0 }) =>
  succeed(system.auth.machine(`accounts.${what}`, { user_id: id, actor, ...more }));
const call = (path: string, { access_token: token }: User, body: unknown) =>
  succeed(system.auth.call('POST', path, { token, body }));

interface Cause {
  kills: 'requests' | 'everything' | 'nothing';
  act(owner: User): Promise<void>;
}

const CAUSES: Record<string, Cause> = {
  'a change of the password': {
    kills: 'requests',
    act: (owner) =>
      call('/v1/password/change', owner, { current_password: PASSWORD, new_password: OTHER }),
  },
  'a reset of the password': {
    kills: 'requests',
    act: async (owner) =>
      expect(await useLink(await linkTo(owner, 'reset-password'), 'reset-password')).toBe(
        '200 done',
      ),
  },
  'a change of the address': {
    kills: 'requests',
    act: async (owner) =>
      expect(await useLink(await linkTo(owner, 'change-email'), 'change-email')).toBe('200 done'),
  },
  'a verification that voids the password': {
    kills: 'requests',
    act: async (owner) =>
      expect(await useLink(await linkTo(owner, 'verify-email'), 'verify-email')).toBe('200 done'),
  },
  disabling: { kills: 'requests', act: (owner) => administer('disable', owner) },
  'disabling and enabling': {
    kills: 'requests',
    act: async (owner) => {
      await administer('disable', owner);
      await administer('enable', owner, {});
    },
  },
  deletion: { kills: 'everything', act: (owner) => administer('remove', owner) },
  'other roles': {
    kills: 'nothing',
    act: (owner) => administer('setRoles', owner, { roles: ['support'], wait: 0 }),
  },
  'logging out everywhere': { kills: 'nothing', act: (owner) => call('/v1/logout-all', owner, {}) },
};

/** What is asked for, and what has happened. A new kind of mail has to say here which it is. */
const KINDS: Record<MailKind, 'request' | 'notice'> = {
  'verify-email': 'request',
  'resend-verification': 'request',
  'reset-password': 'request',
  'confirm-email-change': 'request',
  'already-registered': 'request',
  'email-change-requested': 'notice',
  'email-changed': 'notice',
  'password-changed': 'notice',
  'session-ended-by-reuse': 'notice',
  'second-step-failed': 'notice',
  'factor-enrolled': 'notice',
  'factor-removed': 'notice',
  'recovery-codes-replaced': 'notice',
  'recovery-code-used': 'notice',
};
const EVERY_KIND = Object.keys(KINDS) as MailKind[];

/** Writes the intent as a verb does, and commits it. @returns the id of the mail */
async function want(kind: MailKind, { id: userId, email }: User): Promise<MailId> {
  const byAddress = kind === 'resend-verification' || kind === 'reset-password';
  const address = kind === 'confirm-email-change' ? someAddress() : email;
  const intent: MailIntent = byAddress ? { kind, address } : { kind, address, userId };
  return await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    const { result } = await withChange(
      { actor: { kind: 'system', id: 'test' }, requestId: 'test', address: null },
      async (change) => {
        await change.audit({ action: 'test', target: { kind: 'user', id: 'test' } });
        return await change.mail(intent);
      },
    );
    return result;
  });
}

/** Undefined once it has gone with the account. */
async function rowOf(id: MailId): Promise<{ outcome: string | null } | undefined> {
  const [row] = await system.sql`select outcome from mails where id = ${id}`;
  return row && { outcome: row['outcome'] };
}

/** Mails that were tried, and are to be tried again. */
async function waitForBackOff(ids: readonly MailId[]): Promise<void> {
  const redis = new Redis(system.bed.redisUrl);
  const delayed = () => redis.zrange(`${system.bed.prefix}:jobs:mail:delayed`, '0', '-1');
  await expect.poll(delayed).toEqual(expect.arrayContaining([...ids]));
  redis.disconnect();
}

/** What became of it, and whether the server has it. */
async function endOf(id: MailId): Promise<string> {
  await expect.poll(async () => (await rowOf(id))?.outcome).not.toBeNull();
  const received = mail.received.some(({ messageId }) => messageId.startsWith(`<${id}@`));
  return `${(await rowOf(id))?.outcome ?? 'gone'}, ${received ? 'received' : 'not received'}`;
}

function expectedEnd(kind: MailKind, kills: Cause['kills']): string {
  if (kills === 'everything') return 'gone, not received';
  const isSent = kills === 'nothing' || KINDS[kind] === 'notice';
  return isSent ? 'sent, received' : 'obsolete, not received';
}

it('mails that their server has put off are sent afterwards only if they are still due', async () => {
  mail.onRecipient = async () => {
    throw Object.assign(new Error('greylisted'), { responseCode: 450 });
  };
  const late: { name: string; cause: Cause; kind: MailKind; id: MailId }[] = [];
  const owners = new Map<Cause, User>();
  for (const [name, cause] of Object.entries(CAUSES)) {
    const owner = await user();
    owners.set(cause, owner);
    for (const kind of EVERY_KIND) late.push({ name, cause, kind, id: await want(kind, owner) });
  }
  await waitForBackOff(late.map(({ id }) => id));
  for (const [cause, owner] of owners) await cause.act(owner);
  mail.onRecipient = async () => undefined;
  await tryAgainNow();
  for (const { name, cause, kind, id } of late) {
    const end = await endOf(id);
    expect({ name, kind, end }).toEqual({ name, kind, end: expectedEnd(kind, cause.kills) });
  }
});

/** Takes the jobs and their back-off away: new ones are made from the rows. */
async function tryAgainNow(): Promise<void> {
  const redis = new Redis(system.bed.redisUrl);
  const jobs = await redis.keys(`${system.bed.prefix}:jobs:*`);
  if (jobs.length > 0) await redis.unlink(...jobs);
  redis.disconnect();
}

it.each(Object.entries(CAUSES))('links that have arrived, after %s', async (_, { kills, act }) => {
  const purposes: Record<LinkPurpose, true> = {
    'verify-email': true,
    'reset-password': true,
    'change-email': true,
  };
  for (const purpose of Object.keys(purposes) as LinkPurpose[]) {
    const owner = await user();
    const token = await linkTo(owner, purpose);
    await act(owner);
    const answer = kills === 'nothing' ? '200 done' : '400 invalid_link';
    expect([purpose, await useLink(token, purpose)]).toEqual([purpose, answer]);
  }
});

it('a link from while an account was disabled does not come to life when it is enabled', async () => {
  const owner = await user();
  await administer('disable', owner);
  const token = await linkTo(owner, 'reset-password');
  const id = await want('reset-password', owner);
  expect(await endOf(id)).toBe('obsolete, not received');
  await administer('enable', owner, {});
  expect(await useLink(token, 'reset-password')).toBe('400 invalid_link');
});

/** Mails that the two instances have in hand at once: see jobs/mail-queue.ts. */
const IN_HAND = 8;

it.each(['request', 'notice'] as const)(
  'what is under way when the account is disabled is judged once more when it is handed over: each %s',
  async (what) => {
    const kinds = EVERY_KIND.filter((kind) => KINDS[kind] === what);
    for (let first = 0; first < kinds.length; first += IN_HAND) {
      await judgeUnderWay(kinds.slice(first, first + IN_HAND));
    }
  },
);

/** @param kinds no more than are in hand at once */
async function judgeUnderWay(kinds: readonly MailKind[]): Promise<void> {
  mail.onRecipient = async () => undefined;
  const owner = await user();
  await expect.poll(() => mail.to(owner.email).length).toBe(1);
  let underWay = 0;
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  mail.onRecipient = async () => {
    underWay += 1;
    await gate;
  };
  const ids = await Promise.all(kinds.map(async (kind) => await want(kind, owner)));
  await expect.poll(() => underWay).toBe(kinds.length);
  await administer('disable', owner);
  goOn();
  for (const [i, id] of ids.entries()) {
    const kind = kinds[i]!;
    expect([kind, await endOf(id)]).toEqual([kind, expectedEnd(kind, 'requests')]);
  }
}

it('a mail that a server took without an answer is not sent again after a change', async () => {
  const owner = await user();
  await expect.poll(() => mail.to(owner.email).length).toBe(1);
  mail.beforeAnswer = async () => {
    await CAUSES['disabling and enabling']!.act(owner);
    throw Object.assign(new Error('not now'), { responseCode: 451 });
  };
  const id = await want('confirm-email-change', owner);
  expect(await endOf(id)).toBe('obsolete, received');
  const [once, ...again] = mail.received.filter(({ messageId }) => messageId.includes(id));
  expect(again).toEqual([]);
  expect(await useLink(once!.token!, 'change-email')).toBe('400 invalid_link');
});

/** Mails are sent if and only if their cause has committed; and once, as far as SMTP permits. */
import { createHash, randomBytes } from 'node:crypto';
import { startAuth } from '@portcullis/testbed';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { newId } from '@portcullis/contracts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import type { MailIntent } from '../../src/change/mail-intent.ts';
import { startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { MailServer } from './mail-server.ts';

let system: AuthSystem;
let mail: MailServer;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({ instances: 0 });
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
const settings = () => ({
  PORTCULLIS_SMTP_URL: mail.url,
  PORTCULLIS_MAIL_FROM: 'auth@portcullis.test',
  PORTCULLIS_PREFIX: system.bed.prefix,
});

async function someone(): Promise<{ id: any; email: string }> {
  const [id, email] = [newId('usr'), someAddress()];
  await system.sql`insert into users ${system.sql({ id, email, email_key: email })}`;
  return { id, email };
}

/** Writes the intent as any other process would, and commits it, or does not. */
async function want(intent: MailIntent, commit = true): Promise<void> {
  await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    await withChange(
      { actor: { kind: 'system', id: 'test' }, requestId: 'test', address: null },
      async (change) => {
        await change.mail(intent);
        if (!commit) throw new Error('taken back');
        await change.audit({ action: 'test', target: { kind: 'user', id: 'test' } });
      },
    );
  }).catch((error: unknown) => {
    if (commit) throw error;
  });
}

const outcomeOf = async (email: string) => {
  const rows = await system.sql`
    select m.outcome, m.address from mails m join users u on u.id = m.user_id
    where u.email = ${email}`;
  return rows.map((row) => row['outcome']);
};

it('sends what was committed, nothing else, and forgets the address', async () => {
  const auth = await system.start(settings());
  const [told, untold] = [await someone(), await someone()];
  await want({ kind: 'password-changed', address: untold.email, userId: untold.id }, false);
  await want({ kind: 'verify-email', address: told.email, userId: told.id });
  await expect.poll(() => mail.to(told.email).length).toBe(1);
  const [one] = mail.to(told.email);
  expect(one?.link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/account\/verify-email#token=plk_/);
  expect(one?.messageId).toMatch(/^<eml_\w+@portcullis\.test>$/);
  await expect.poll(() => outcomeOf(told.email)).toEqual(['sent']);
  expect(mail.to(untold.email)).toEqual([]);
  const kept = await system.sql`select 1 from mails where address is not null`;
  expect(kept).toHaveLength(0);
  // Only a hash is kept of what the mail carries.
  const [link] = await system.sql`select * from links where user_id = ${told.id}`;
  expect(JSON.stringify(link)).not.toContain(one?.token);
  await auth[Symbol.asyncDispose]();
});

it('tries again what a server puts off, and keeps what it refuses for good as a dead letter', async () => {
  const auth = await system.start(settings());
  const [later, never] = [await someone(), await someone()];
  let first = true;
  mail.onRecipient = async (address) => {
    const code = address === never.email ? 550 : 451;
    if (address === never.email || first) {
      first &&= address === never.email;
      throw Object.assign(new Error('not now'), { responseCode: code });
    }
  };
  await want({ kind: 'password-changed', address: later.email, userId: later.id });
  await expect.poll(() => mail.to(later.email).length).toBe(1);
  await want({ kind: 'password-changed', address: never.email, userId: never.id });
  await expect.poll(() => outcomeOf(never.email)).toEqual(['rejected']);
  expect(mail.to(never.email)).toEqual([]);
  const metrics = async () => await (await fetch(`${auth.url}/metrics`)).text();
  await expect.poll(metrics).toMatch(/portcullis_auth_mails_total\{.*outcome="rejected".*\} 1/);
  await auth[Symbol.asyncDispose]();
});

it('sends pending mails all the same after Redis has lost everything', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, someone));
  let isDown = true;
  mail.onRecipient = async () => {
    if (isDown) throw Object.assign(new Error('not now'), { responseCode: 451 });
  };
  const auth = await system.start(settings());
  for (const { id, email } of people) {
    await want({ kind: 'password-changed', address: email, userId: id });
  }
  await expect.poll(() => mail.attempts).toBeGreaterThan(5);
  await using redis = connectRedis();
  const keys = await redis.client.keys(`${system.bed.prefix}:jobs:*`);
  expect(keys.length).toBeGreaterThan(5);
  expect(keys.join()).not.toContain('plk_');
  await redis.client.unlink(...keys);
  isDown = false;
  for (const { email } of people) {
    await expect.poll(() => mail.to(email).length).toBe(1);
    await expect.poll(() => outcomeOf(email)).toEqual(['sent']);
  }
  await auth[Symbol.asyncDispose]();
});

it('goes without Redis, and sends when it has come', async () => {
  system.bed.proxies.redis.cut();
  const auth = await system.start(settings());
  const { id, email } = await someone();
  await want({ kind: 'password-changed', address: email, userId: id });
  expect((await auth.call('GET', '/readyz')).status).toBe(200);
  expect(mail.to(email)).toEqual([]);
  system.bed.proxies.redis.mend();
  await expect.poll(() => mail.to(email).length).toBe(1);
  await auth[Symbol.asyncDispose]();
});

it('delivers exactly one mail each when the process is killed before a server has all of it, or after', async () => {
  const [early, late] = [await someone(), await someone()];
  const held = new Set<string>();
  const hold = async (address: string): Promise<void> => {
    held.add(address);
    await new Promise(() => undefined);
  };
  mail.onRecipient = async (address) => (address === early.email ? await hold(address) : undefined);
  mail.beforeAnswer = async ({ to }) => await hold(to);
  const victim = await startAuth(system.bed, {
    ...settings(),
    PORTCULLIS_KEY_ENCRYPTION_KEY: createHash('sha256')
      .update(system.bed.prefix)
      .digest('base64url'),
  });
  for (const { id, email } of [early, late]) {
    await want({ kind: 'password-changed', address: email, userId: id });
  }
  await expect.poll(() => held.size).toBe(2);
  victim.kill('SIGKILL');
  await victim.process.exited;
  mail.onRecipient = async () => undefined;
  mail.beforeAnswer = async () => undefined;
  await victim.restart();
  await expect.poll(() => mail.to(early.email).length, { timeout: 60_000 }).toBe(1);
  // As after the time that a hand-over may take.
  await system.sql`update mails set claimed_until = clock_timestamp() where handed_over_at is not null`;
  await expect.poll(() => outcomeOf(late.email), { timeout: 60_000 }).toEqual(['unconfirmed']);
  await expect.poll(() => outcomeOf(early.email)).not.toEqual([null]);
  expect(mail.to(early.email)).toHaveLength(1);
  expect(mail.to(late.email)).toHaveLength(1);
  await victim.stop();
});

it('gives a mail that several take at once to one of them', async () => {
  const instances = [await system.start(settings()), await system.start(settings())];
  const people = await Promise.all(Array.from({ length: 40 }, someone));
  await Promise.all(
    people.map(({ id, email }) => want({ kind: 'password-changed', address: email, userId: id })),
  );
  for (const { email } of people) {
    await expect.poll(() => outcomeOf(email)).toEqual(['sent']);
    expect(mail.to(email)).toHaveLength(1);
  }
  for (const one of instances) await one[Symbol.asyncDispose]();
});

function connectRedis() {
  const client = new Redis(system.bed.redisUrl);
  return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
}

/** Who can write Redis can have auth look whether there is something to do, and no more. */
import { newId, type MailId } from '@portcullis/contracts';
import { testServers } from '@portcullis/testbed';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SCHEDULED_JOBS } from '../../src/jobs/catalogue.ts';
import { startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { MailServer } from '../mail/mail-server.ts';

let system: AuthSystem;
let mail: MailServer;
let redis: Redis;
let mails: Queue;
let maintenance: Queue;

beforeAll(async () => {
  mail = await new MailServer().listen();
  system = await startAuthSystem({
    instances: 2,
    overrides: { PORTCULLIS_SMTP_URL: mail.url, PORTCULLIS_MAIL_FROM: 'auth@portcullis.test' },
  });
  redis = new Redis(testServers().redisUrl, { maxRetriesPerRequest: null });
  const options = { connection: redis, prefix: `${system.bed.prefix}:jobs` };
  mails = new Queue('mail', options);
  maintenance = new Queue('maintenance', options);
}, 120_000);

afterEach(() => {
  mail.onRecipient = async () => undefined;
  mail.beforeAnswer = async () => undefined;
});

afterAll(async () => {
  redis.disconnect();
  await system.bed.dispose();
  await mail[Symbol.asyncDispose]();
});

async function intent(): Promise<{ id: MailId; address: string }> {
  const [user, id] = [newId('usr'), newId('eml')];
  const address = `${user}@example.test`;
  await system.sql`insert into users ${system.sql({ id: user, email: address, email_key: address })}`;
  await system.sql`insert into mails (id, kind, user_id, address, request_id)
    values (${id}, 'password-changed', ${user}, ${address}, 'test')`;
  return { id, address };
}

const outcomeOf = async (id: MailId): Promise<string | null> => {
  const [row] = await system.sql`select outcome from mails where id = ${id}`;
  return row?.['outcome'] ?? null;
};

const received = (id: MailId) =>
  mail.received.filter(({ messageId }) => messageId.startsWith(`<${id}@`)).length;

const isIdle = async (queue: Queue) => (await queue.getJobCountByTypes('wait', 'active')) === 0;

const notNow = () => Object.assign(new Error('not now'), { responseCode: 451 });

/** Has the server put off the mails to these addresses, until it is called. */
function putOff(...addresses: string[]): () => void {
  let isOver = false;
  mail.onRecipient = async (to) => {
    if (addresses.includes(to) && !isOver) throw notNow();
  };
  return () => {
    isOver = true;
  };
}

it('each job of maintenance, forged by hundreds, changes nothing that is not due', async () => {
  const { id } = await intent();
  await expect.poll(async () => await outcomeOf(id)).toBe('sent');
  const { session_id: session } = await system.auth.newcomer();
  await system.sql`update sessions set expires_at = clock_timestamp() - interval '29 days' where id = ${session}`;
  const rows = async () => {
    const [row] = await system.sql`
      select (select count(*) from signing_keys)::int as keys, (select count(*) from mails)::int as mails,
        (select count(*) from links)::int as links, (select count(*) from sessions)::int as sessions,
        (select count(*) from revocation_log)::int as log`;
    return row;
  };
  const settled = async () =>
    Number(
      (await system.sql`select count(*)::int as n from mails where settled_at is null`)[0]?.['n'],
    );
  await expect.poll(settled).toBe(0);
  const before = { rows: await rows(), received: mail.received.length };
  const names = [...Object.keys(SCHEDULED_JOBS), 'send-mail', '__proto__'];
  await maintenance.addBulk(
    names.flatMap((name) => [
      ...Array.from({ length: 200 }, () => ({ name, data: {} })),
      { name, data: { force: true } },
    ]),
  );
  await mails.addBulk(
    [id, newId('eml'), 'no id', null].flatMap((of) =>
      Array.from({ length: 50 }, () => ({ name: 'send-mail', data: { mail: of } })),
    ),
  );
  await expect.poll(async () => (await isIdle(maintenance)) && (await isIdle(mails))).toBe(true);
  expect({ rows: await rows(), received: mail.received.length }).toEqual(before);
});

it('a forged job for a mail that is being handed over neither settles it nor sends it', async () => {
  let answers = 0;
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  mail.beforeAnswer = async () => {
    answers += 1;
    if (answers > 1) return;
    await gate;
    throw notNow();
  };
  const { id } = await intent();
  await expect.poll(() => received(id)).toBe(1);
  await mails.addBulk(
    Array.from({ length: 20 }, () => ({ name: 'send-mail', data: { mail: id } })),
  );
  await sleep(2_000);
  expect([await outcomeOf(id), received(id)]).toEqual([null, 1]);
  goOn();
  // The server did not take the first one.
  await expect.poll(async () => await outcomeOf(id)).toBe('sent');
  expect(received(id)).toBe(2);
});

it('forged jobs for a mail that a worker has in hand have it sent once', async () => {
  let underWay = 0;
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { id, address } = await intent();
  mail.onRecipient = async (to) => {
    if (to !== address) return;
    underWay += 1;
    await gate;
  };
  mail.beforeAnswer = async () => await sleep(500);
  await expect.poll(() => underWay).toBe(1);
  await mails.addBulk(Array.from({ length: 5 }, () => ({ name: 'send-mail', data: { mail: id } })));
  await expect.poll(() => underWay).toBe(6);
  goOn();
  await expect.poll(async () => await outcomeOf(id)).toBe('sent');
  await expect.poll(async () => await isIdle(mails)).toBe(true);
  expect(received(id)).toBe(1);
});

it('a mail whose attempts another hand has used up is tried on', async () => {
  const { id, address } = await intent();
  const arrive = putOff(address);
  await expect.poll(async () => await mails.getJobState(id)).toBe('delayed');
  await redis.hset(mails.toKey(id), 'atm', 11);
  await redis.zadd(mails.toKey('delayed'), 0, id);
  await expect.poll(async () => await redis.hget(mails.toKey(id), 'atm')).not.toBe('11');
  expect(await outcomeOf(id)).toBeNull();
  arrive();
  await expect.poll(async () => await outcomeOf(id)).toBe('sent');
  expect(received(id)).toBe(1);
});

type Hand = (id: string, key: (name: string) => string) => Promise<unknown>;

/** What can be done to the job of a mail that is to be tried again. */
const AT_A_JOB: Record<string, Hand> = {
  'the job is removed': async (id, key) =>
    await redis.multi().zrem(key('delayed'), id).unlink(key(id)).exec(),
  'the job is nowhere, and has its name': async (id, key) => await redis.zrem(key('delayed'), id),
  'the job is for the year 3000': async (id, key) =>
    await redis.zadd(key('delayed'), 32_503_680_000_000 * 0x1000, id),
  'the job has failed': async (id, key) =>
    await redis.multi().zrem(key('delayed'), id).zadd(key('failed'), Date.now(), id).exec(),
  'a worker has it for ever': async (id, key) =>
    await redis
      .multi()
      .zrem(key('delayed'), id)
      .set(key(`${id}:lock`), 'held')
      .lpush(key('active'), id)
      .exec(),
  'the job is of another mail': async (id, key) =>
    await redis.hset(key(id), 'data', JSON.stringify({ mail: newId('eml') })),
};

const AT_THE_QUEUE: Record<string, Hand> = {
  'the queue is paused': async (_, key) => await redis.hset(key('meta'), 'paused', '1'),
  'what is delayed is a text': async (_, key) =>
    await redis.multi().unlink(key('delayed')).set(key('delayed'), 'text').exec(),
  'all is gone': async (_, key) => await redis.unlink(...(await redis.keys(key('*')))),
};

async function sentOnceAfter(hands: readonly Hand[]): Promise<string[]> {
  const owed = await Promise.all(hands.map(async () => await intent()));
  const arrive = putOff(...owed.map(({ address }) => address));
  for (const { id } of owed) {
    await expect.poll(async () => await mails.getJobState(id)).toBe('delayed');
  }
  for (const [index, act] of hands.entries())
    await act(owed[index]!.id, (name) => mails.toKey(name));
  arrive();
  const outcomes = async () => await Promise.all(owed.map(({ id }) => outcomeOf(id)));
  await expect.poll(outcomes, { timeout: 40_000 }).toEqual(owed.map(() => 'sent'));
  return owed.map(({ id }) => `received ${received(id)}`);
}

describe('a mail is sent all the same, and once, when', () => {
  it(Object.keys(AT_A_JOB).join('; '), async () => {
    const ends = await sentOnceAfter(Object.values(AT_A_JOB));
    expect(ends).toEqual(Object.values(AT_A_JOB).map(() => 'received 1'));
  });

  it.each(Object.entries(AT_THE_QUEUE))('%s', async (_, act) => {
    expect(await sentOnceAfter([act])).toEqual(['received 1']);
  });
});

/** Jobs are done within three periods, whatever becomes of Redis, and never twice at once. */
import {
  appDatabase,
  createTestBed,
  SOURCE_RUNNER,
  startPrivateRedis,
  TestProcess,
  testSeed,
  testServers,
  type PrivateRedis,
  type TestBed,
} from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProbeTables, startProbe, type ProbeOptions } from './probe.ts';

const PERIOD_S = 4;
const SEED = testSeed();

let bed: TestBed<'auth'>;
let sql: Sql;
let own: PrivateRedis;
let redis: Redis;
let count = 0;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  sql = postgres(bed.databaseUrls.auth, { max: 4, onnotice: () => undefined });
  bed.use({ [Symbol.asyncDispose]: async () => await sql.end() });
  await createProbeTables(sql);
  own = bed.use(await startPrivateRedis());
  redis = new Redis(own.url);
  bed.use({ [Symbol.asyncDispose]: async () => redis.disconnect() });
}, 120_000);

afterAll(async () => await bed.dispose());

type Probe = Omit<ProbeOptions, 'databaseUrl' | 'runner'>;

/** A job of its own in a queue of its own. */
function someProbe(changes: Partial<Probe> = {}): Probe {
  count += 1;
  const name = { prefix: `${bed.prefix}-${count}`, job: `probe-${count}` };
  return { redisUrl: own.url, ...name, periodSeconds: PERIOD_S, workMs: 50, ...changes };
}

const start = (probe: Probe, runner: string) =>
  startProbe({ ...probe, runner, databaseUrl: bed.databaseUrls.auth });
const queueKey = (probe: Probe, name: string) => `${probe.prefix}:jobs:maintenance:${name}`;

async function doneOf({ job }: Probe): Promise<{ runner: string; begun: Date; ended: Date }[]> {
  return await sql`select runner, begun, ended from probe_done where job = ${job} order by ended`;
}

/** The next time it is done after now, in seconds from now. */
async function nextDone(probe: Probe): Promise<number> {
  const [row] = await sql`select clock_timestamp() as now`;
  const now: Date = row?.['now'];
  const after = async () => (await doneOf(probe)).find(({ begun }) => begun > now)?.ended;
  await expect.poll(after, { timeout: 60_000, interval: 100 }).toBeDefined();
  return ((await after())!.getTime() - now.getTime()) / 1_000;
}

async function expectNoOverlap(probe: Probe): Promise<void> {
  const runs = await doneOf(probe);
  for (const [index, { begun }] of runs.entries()) {
    const before = runs[index - 1];
    if (before !== undefined)
      expect(begun.getTime()).toBeGreaterThanOrEqual(before.ended.getTime());
  }
}

it('by two instances, once in each period, by the one or by the other', async () => {
  const probe = someProbe({ periodSeconds: 1 });
  await using _a = start(probe, 'a');
  await using _b = start(probe, 'b');
  await expect.poll(async () => (await doneOf(probe)).length).toBeGreaterThan(4);
  const begun = (await doneOf(probe)).map((run) => run.begun.getTime());
  for (const [index, at] of begun.slice(1).entries()) {
    expect(at - (begun[index] ?? 0)).toBeGreaterThan(500);
  }
  await expectNoOverlap(probe);
});

it(`once, however many jobs another's hand puts in (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const probe = someProbe({ periodSeconds: 3_600, workMs: 200 });
  await using _a = start(probe, 'a');
  await using _b = start(probe, 'b');
  await nextDone(probe);
  const queue = new Queue('maintenance', {
    connection: redis,
    prefix: `${probe.prefix}:jobs`,
    skipVersionCheck: true,
  });
  for (let round = 1; round <= 5; round += 1) {
    const before = (await doneOf(probe)).length;
    const begun = await sql`select count(*)::int as n from probe_begun where job = ${probe.job}`;
    await sql`delete from jobs where name = ${probe.job}`;
    const forged = 10 + Math.floor(random() * 40);
    await queue.addBulk(
      Array.from({ length: forged }, (_, index) => ({
        name: index % 5 === 0 ? ['__proto__', 'constructor', 'no-such-job'][index % 3]! : probe.job,
        data: index % 7 === 0 ? { do: 'it anyway' } : {},
      })),
    );
    await expect.poll(async () => (await doneOf(probe)).length).toBe(before + 1);
    await expect.poll(async () => await queue.getJobCountByTypes('wait', 'active')).toBe(0);
    expect(await doneOf(probe), `round ${round}`).toHaveLength(before + 1);
    const after = await sql`select count(*)::int as n from probe_begun where job = ${probe.job}`;
    expect(after[0]?.['n'] - begun[0]?.['n'], `round ${round}`).toBe(1);
  }
  await expectNoOverlap(probe);
});

/** What can be done to a queue by who can write Redis. */
const HANDS: Record<string, (probe: Probe, key: (name: string) => string) => Promise<unknown>> = {
  'all is gone': async (_, key) => await redis.unlink(...(await redis.keys(key('*')))),
  'the next job is removed': async ({ job }, key) => {
    const next = await redis.zscore(key('repeat'), job);
    const id = `repeat:${job}:${next}`;
    await redis.multi().zrem(key('delayed'), id).lrem(key('wait'), 0, id).unlink(key(id)).exec();
  },
  'the schedule is removed': async ({ job }, key) =>
    await redis
      .multi()
      .zrem(key('repeat'), job)
      .unlink(key(`repeat:${job}`))
      .exec(),
  'the schedule is for the year 3000': async ({ job }, key) => {
    await redis.unlink(key('delayed'));
    await redis.zadd(key('repeat'), 32_503_680_000_000, job);
  },
  'the period is a year': async ({ job }, key) => {
    await redis.hset(key(`repeat:${job}`), 'every', 31_536_000_000);
    await redis.zadd(key('repeat'), Date.now() + 31_536_000_000, job);
    await redis.unlink(key('delayed'));
  },
  'the job has another name': async ({ job }, key) => {
    const next = await redis.zscore(key('repeat'), job);
    await redis.hset(key(`repeat:${job}`), 'name', 'another');
    await redis.hset(key(`repeat:${job}:${next}`), 'name', 'another');
  },
  'the job has other data': async ({ job }, key) => {
    const next = await redis.zscore(key('repeat'), job);
    await redis.hset(key(`repeat:${job}`), 'data', '{"not":"ours"}');
    await redis.hset(key(`repeat:${job}:${next}`), 'data', 'no JSON');
  },
  'the queue is paused': async (_, key) => await redis.hset(key('meta'), 'paused', '1'),
  'nothing may be done at once': async (_, key) =>
    await redis.multi().hset(key('meta'), 'concurrency', '1').lpush(key('active'), 'held').exec(),
  'the marker is a text': async (_, key) =>
    await redis.multi().unlink(key('marker')).set(key('marker'), 'text').exec(),
  'what waits is a text': async (_, key) =>
    await redis.multi().unlink(key('wait')).set(key('wait'), 'text').exec(),
  'schedules are a text': async (_, key) =>
    await redis.multi().unlink(key('repeat')).set(key('repeat'), 'text').exec(),
};

describe('within three periods', () => {
  it('of what another hand has done to the queue', async () => {
    const late = await Promise.all(
      Object.entries(HANDS).map(async ([what, act]) => {
        const probe = someProbe();
        await using _a = start(probe, 'a');
        await using _b = start(probe, 'b');
        await nextDone(probe);
        await act(probe, (name) => queueKey(probe, name));
        const seconds = await nextDone(probe);
        // And it goes on from there.
        const again = await nextDone(probe);
        await expectNoOverlap(probe);
        return { what, seconds, again };
      }),
    );
    console.log(
      late.map(({ what, seconds, again }) => `${what}: ${seconds} s, ${again} s`).join('\n'),
    );
    for (const { what, seconds, again } of late) {
      expect(seconds, what).toBeLessThan(3 * PERIOD_S);
      expect(again, what).toBeLessThan(3 * PERIOD_S);
    }
  });

  it('of a Redis that was stopped, and has lost everything', async () => {
    const probe = someProbe({ redisUrl: bed.redisUrl });
    await using _a = start(probe, 'a');
    await using _b = start(probe, 'b');
    await nextDone(probe);
    bed.proxies.redis.cut();
    const direct = new Redis(testServers().redisUrl);
    await direct.unlink(...(await direct.keys(queueKey(probe, '*'))));
    await sleep(1_000 * PERIOD_S);
    bed.proxies.redis.mend();
    expect(await nextDone(probe)).toBeLessThan(3 * PERIOD_S);
    await direct.unlink(...(await direct.keys(`${probe.prefix}:*`)));
    direct.disconnect();
  });

  it('of a Redis that stood still', async () => {
    const probe = someProbe();
    await using _a = start(probe, 'a');
    await nextDone(probe);
    own.process.pause();
    await sleep(2_000 * PERIOD_S);
    own.process.resume();
    expect(await nextDone(probe)).toBeLessThan(3 * PERIOD_S);
  });

  it('of a Redis that was full, which costs little meanwhile', async () => {
    const probe = someProbe();
    await using _a = start(probe, 'a');
    await using _b = start(probe, 'b');
    await nextDone(probe);
    await own.fill();
    const commands = async () =>
      Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
    const before = await commands();
    await sleep(3_000 * PERIOD_S);
    const perSecond = ((await commands()) - before) / (3 * PERIOD_S);
    await redis.config('SET', 'maxmemory', '0');
    expect(await nextDone(probe)).toBeLessThan(3 * PERIOD_S);
    expect(perSecond).toBeLessThan(200);
  });
});

it('once by the other, when the process that is at it is stopped for longer than its lock, and goes on', async () => {
  const probe = someProbe({ periodSeconds: 3_600, workMs: 2_000 });
  const settings: ProbeOptions = {
    ...probe,
    runner: 'stopped',
    databaseUrl: bed.databaseUrls.auth,
  };
  await using stopped = new TestProcess({
    name: 'probe',
    command: process.execPath,
    args: [...SOURCE_RUNNER, 'apps/auth/test/jobs/probe-process.ts', JSON.stringify(settings)],
  });
  const begun = async () =>
    (await sql`select runner from probe_begun where job = ${probe.job}`).map(
      (row) => row['runner'],
    );
  await expect.poll(begun, { timeout: 60_000, interval: 50 }).toEqual(['stopped']);
  stopped.pause();
  await using _other = start(probe, 'other');
  await expect.poll(async () => (await doneOf(probe)).length, { timeout: 60_000 }).toBe(1);
  stopped.resume();
  await sleep(5_000);
  expect((await doneOf(probe)).map(({ runner }) => runner)).toEqual(['other']);
  expect(await begun()).toEqual(['stopped', 'other']);
  expect(stopped.running).toBe(true);
});

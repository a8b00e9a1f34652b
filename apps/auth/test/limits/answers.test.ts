/** The limit of answers to challenges by itself, on a Redis: of any number at once, over instances. */
import { newId } from '@portcullis/contracts';
import { createTestBed, rounds, testSeed, type TestBed } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Attack } from '../../src/limits/attack.ts';
import { createLimits, type Limits } from '../../src/limits/limits.ts';

/** Twenty for each. */
const LIMIT = 20;
const SEED = testSeed();

let bed: TestBed;
let redis: Redis;
let instances: [Limits, Limits];
let noticed: Attack[] = [];

const limitsOn = async (): Promise<Limits> => {
  const connection = new Redis(bed.redisUrl, { enableOfflineQueue: false });
  bed.use({ [Symbol.asyncDispose]: async () => connection.disconnect() });
  await new Promise<void>((resolve) => {
    connection.once('ready', () => resolve());
  });
  return createLimits({
    redis: connection,
    prefix: bed.prefix,
    scale: 1,
    degraded: (error) => {
      throw error;
    },
    attacked: (attack) => noticed.push(attack),
  });
};

beforeAll(async () => {
  bed = await createTestBed();
  redis = new Redis(bed.redisUrl);
  bed.use({ [Symbol.asyncDispose]: async () => redis.disconnect() });
  instances = [await limitsOn(), await limitsOn()];
});
beforeEach(() => {
  noticed = [];
});
afterAll(() => bed.dispose());

const unknown = (address: string, user = newId('usr')) => ({
  address,
  user,
  isKnownNetwork: false,
});
const refused = { code: 'rate_limited', status: 429 };

it(`lets no more in than may be wrong, of fifty at once (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  for (let round = 0; round < rounds({ short: 20, long: 500 }); round += 1) {
    const about = `seed ${SEED}, round ${round}`;
    noticed = [];
    const given = unknown('192.0.2.1');
    let looked = 0;
    const answers = await Promise.allSettled(
      Array.from({ length: 50 }, async (_, n) => {
        if (random() < 0.5) await sleep(random() * 5);
        const address = `192.0.2.${n}`;
        const limits = instances[random() < 0.5 ? 0 : 1];
        return await limits.answer({ ...given, address }, async () => {
          looked += 1;
          await sleep(random() * 5);
          return false;
        });
      }),
    );
    expect(looked, about).toBe(LIMIT);
    const lost = answers.filter(({ status }) => status === 'rejected');
    expect(lost, about).toHaveLength(50 - LIMIT);
    for (const { reason } of lost as PromiseRejectedResult[]) {
      expect(reason).toMatchObject(refused);
    }
    expect(noticed, about).toEqual([{ kind: 'challenge', user: given.user }]);
  }
}, 120_000);

it('takes a right answer off again, and one that could not be checked', async () => {
  const given = unknown('192.0.2.1');
  const away = new Error('a part is unavailable');
  for (let n = 0; n < LIMIT + 5; n += 1) {
    expect(await instances[0].answer(given, async () => true)).toBe(true);
    await expect(instances[1].answer(given, () => Promise.reject(away))).rejects.toBe(away);
  }
  for (let n = 0; n < LIMIT; n += 1) {
    expect(await instances[0].answer(given, async () => false)).toBe(false);
  }
  await expect(instances[1].answer(given, async () => true)).rejects.toMatchObject(refused);
});

it('counts a known network apart, for one user', async () => {
  const user = newId('usr');
  const elsewhere = unknown('192.0.2.1', user);
  const known = { ...elsewhere, address: '192.0.2.2', isKnownNetwork: true };
  for (let n = 0; n < LIMIT; n += 1) await instances[0].answer(elsewhere, async () => false);
  await expect(instances[0].answer(elsewhere, async () => true)).rejects.toMatchObject(refused);
  for (let n = 0; n < LIMIT; n += 1) await instances[1].answer(known, async () => false);
  await expect(instances[1].answer(known, async () => true)).rejects.toMatchObject(refused);
  const another = { ...known, address: '192.0.2.3' };
  expect(await instances[0].answer(another, async () => true)).toBe(true);
  expect(await instances[0].answer({ ...known, user: newId('usr') }, async () => true)).toBe(true);
});

it('holds for a day, and puts no address and no id into Redis', async () => {
  const given = unknown('192.0.2.77');
  await instances[0].answer(given, async () => false);
  await instances[0].answer({ ...given, isKnownNetwork: true }, async () => false);
  const keys = await redis.keys(`${bed.prefix}:limit:login_answers*`);
  expect(keys.length).toBeGreaterThanOrEqual(2);
  for (const key of keys) {
    expect(key).not.toContain(given.user);
    expect(key).not.toContain('192.0.2');
    const left = await redis.pttl(key);
    expect(left).toBeGreaterThan(86_000_000);
    expect(left).toBeLessThanOrEqual(86_400_000);
  }
});

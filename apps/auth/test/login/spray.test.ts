/** Many addresses, many accounts, few attempts each: what no limit by account or network sees. */
import { createTestBed, type TestBed } from '@portcullis/testbed';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttackKind } from '../../src/limits/attack.ts';
import { createLimits, type Limits } from '../../src/limits/limits.ts';

let bed: TestBed;
let limits: Limits;
const noticed: AttackKind[] = [];

beforeAll(async () => {
  bed = await createTestBed();
  const redis = new Redis(bed.redisUrl, { enableOfflineQueue: false });
  bed.use({ [Symbol.asyncDispose]: async () => redis.disconnect() });
  await new Promise<void>((resolve) => {
    redis.once('ready', () => resolve());
  });
  limits = createLimits({
    redis,
    prefix: bed.prefix,
    // A spray is noticed after 100 wrong passwords; a stranger has two attempts left then.
    scale: 0.1,
    degraded: (error) => {
      throw error;
    },
    attacked: ({ kind }) => noticed.push(kind),
  });
});
afterAll(() => bed.dispose());

let account = 0;
/** One wrong password for an account that was not tried before. */
async function attempt(network: string, atHome = false): Promise<string> {
  account += 1;
  try {
    await limits.login(network, `user${account}@example.test`, async () => atHome);
    await limits.wrongPassword(`user${account}@example.test`);
    return 'looked at';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

it('a password spray slows unknown networks, and no user on a known network', async () => {
  for (let i = 0; i < 99; i += 1) expect(await attempt(`192.0.2.${i}`)).toBe('looked at');
  expect(noticed).toEqual([]);
  expect(await attempt('192.0.2.99')).toBe('looked at');
  expect(noticed).toEqual(['spray']);
  const outcomes: string[] = [];
  for (let i = 0; i < 5; i += 1) outcomes.push(await attempt('198.51.100.1'));
  expect(outcomes).toEqual([
    'looked at',
    'looked at',
    'rate_limited',
    'rate_limited',
    'rate_limited',
  ]);
  expect(noticed).toEqual(['spray']);
  for (let i = 0; i < 10; i += 1) expect(await attempt('203.0.113.1', true)).toBe('looked at');
  expect(await attempt('203.0.113.2')).toBe('looked at');
});

it('does not count what succeeds', async () => {
  const first = account;
  for (let i = 0; i < 120; i += 1) {
    const own = `user${first + i}@example.test`;
    await limits.login('203.0.113.3', own, async () => true);
    await limits.loggedIn('203.0.113.3', own);
  }
  expect(noticed).toEqual(['spray']);
  expect(await attempt('203.0.113.3')).toBe('looked at');
});

/** What an operator reads of auth while one part after the other is unavailable. */
import {
  appDatabase,
  createTestBed,
  startAuth,
  startPrivateNats,
  startPrivateRedis,
  startTcpProxy,
  type AuthProcess,
  type PrivateNats,
  type PrivateRedis,
  type TcpProxy,
  type TestBed,
} from '@portcullis/testbed';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { post, register, statusOf } from '../e2e/calls.ts';

interface Line {
  level: string;
  msg: string;
  part?: string;
}

const LAUNCHER = { user: 'launcher', pass: 'of the launcher' };
const RIGHT = JSON.stringify('the right password');
/** What the server takes from its environment the next time that it starts. */
const env = { AUTH_PASSWORD: RIGHT };

let bed: TestBed<'auth'>;
let nats: PrivateNats;
let redis: PrivateRedis;
let postgres: TcpProxy;
let auth: AuthProcess;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  nats = await startPrivateNats({
    configuration: `listen: $NATS_LISTEN
jetstream { store_dir: $NATS_STORE_DIR }
authorization { users: [
  { user: ${LAUNCHER.user}, password: "${LAUNCHER.pass}" }
  { user: auth, password: $AUTH_PASSWORD }
] }`,
    env,
    ...LAUNCHER,
  });
  redis = await startPrivateRedis();
  postgres = bed.use(await startTcpProxy(bed.databaseUrls.auth));
  const operator = new Redis(redis.url);
  await operator.config('SET', 'maxmemory-policy', 'allkeys-lru');
  operator.disconnect();
  const url = new URL(nats.url);
  url.username = 'auth';
  url.password = encodeURIComponent(JSON.parse(RIGHT));
  auth = await startAuth(bed, {
    NATS_URL: url.href,
    REDIS_URL: redis.url,
    DATABASE_URL: postgres.through(bed.databaseUrls.auth),
  });
}, 120_000);

afterAll(async () => {
  await bed.dispose();
  await redis[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

function textLines(): string[] {
  return auth.log.split('\n').filter((line) => line.trim() !== '');
}

/** What is worth a look, written while the work goes on and a moment longer. */
async function warnings(work: () => Promise<void>): Promise<Line[]> {
  const before = textLines().length;
  await work();
  await sleep(300);
  return textLines()
    .slice(before)
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line))
    .filter(({ level }) => level !== 'info' && level !== 'debug');
}

async function natsIsUp(): Promise<boolean> {
  const metrics = await (await fetch(`${auth.url}/metrics`)).text();
  return /^portcullis_auth_dependency_up\{.*dependency="nats".*\} 1$/m.test(metrics);
}

const textsOf = (lines: readonly Line[]): string[] => lines.map(({ msg }) => msg);

it('V16: each line of the output is JSON, Redis’ eviction policy included', async () => {
  await expect.poll(() => auth.log, { interval: 50, timeout: 5_000 }).toMatch(/evict/i);
  expect(textLines().filter((line) => !line.startsWith('{'))).toEqual([]);
});

it('V16: Postgres away is named, once, and is not called the queue', async () => {
  const lines = await warnings(async () => {
    postgres.cut();
    try {
      // Longer than between two looks for mails that wait.
      for (let i = 0; i < 25; i += 1) {
        await statusOf(post(`${auth.url}/v1/login`, { email: 'ada@example.test', password: 'x' }));
        await sleep(100);
      }
    } finally {
      postgres.mend();
    }
  });
  expect(textsOf(lines).filter((msg) => /queue|redis/i.test(msg))).toEqual([]);
  expect(lines.some(({ part }) => part === 'postgres')).toBe(true);
  expect(lines.length, textsOf(lines).join('\n')).toBeLessThanOrEqual(4);
});

it('V16: NATS with another password is named, with few lines, and said to be back', async () => {
  const lines = await warnings(async () => {
    env.AUTH_PASSWORD = JSON.stringify('a wrong password');
    await nats.restart();
    try {
      await sleep(3_000);
    } finally {
      env.AUTH_PASSWORD = RIGHT;
      await nats.restart();
    }
    await expect.poll(natsIsUp, { interval: 50, timeout: 10_000 }).toBe(true);
  });
  expect(lines.length, textsOf(lines).join('\n')).toBeLessThanOrEqual(5);
  expect(textsOf(lines).filter((msg) => /not enabled/.test(msg))).toEqual([]);
  expect(lines.some(({ part }) => part === 'nats')).toBe(true);
  expect(auth.log).toMatch(/nats available again/);
});

it('V16: Redis that is full is named when the limiter falls back', async () => {
  const lines = await warnings(async () => {
    await redis.fill();
    await register(auth.url);
  });
  expect(
    lines.some(({ part }) => part === 'redis'),
    textsOf(lines).join('\n'),
  ).toBe(true);
  expect(lines.length, textsOf(lines).join('\n')).toBeLessThanOrEqual(3);
});

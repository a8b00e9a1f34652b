/**
 * More logins than the machine can do: how many the service does beside what argon2 alone does, in
 * turns; and, in a turn of its own, what everybody else waits for meanwhile.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  appDatabase,
  createTestBed,
  startAuth,
  startUser,
  testServers,
  Worker,
} from '@portcullis/testkit';
import { z } from 'zod';
import type { RunOptions } from '../catalogue.ts';
import { quantile } from '../distribution.ts';
import { tableOf } from '../table.ts';
import { crowdAnswer, type CrowdSettings } from './crowd-questions.ts';
import { keepAsking } from './latency.ts';
import { memoryOf } from './memory.ts';

const PEOPLE = 200;
const ROUNDS = 5;
const ROUND_MS = 10_000;
const SHORT = { rounds: 2, milliseconds: 6_000 };
/** People whose accounts are made at once; more than that would be refused. */
const REGISTERED_AT_ONCE = 8;
/** Between two rounds: until those who were refused would come back. */
const REST_MS = 1_000;
/** What an answer to somebody else may take. Milliseconds. */
const TARGET_MS = 100;
/** What the rest of a login may cost, as a part of what argon2 alone reaches. */
const TARGET_RATIO = 0.9;

export async function benchCrowd({ short }: RunOptions): Promise<void> {
  const { rounds, milliseconds } = short ? SHORT : { rounds: ROUNDS, milliseconds: ROUND_MS };
  const databases = { auth: appDatabase('auth'), user: appDatabase('user') };
  await using bed = await createTestBed({ databases });
  const { natsUrl, redisUrl } = testServers();
  // Straight to the servers: the bed's own way leads through a proxy in this process.
  const auth = await startAuth(bed, {
    NATS_URL: natsUrl,
    REDIS_URL: redisUrl,
    // As it comes, and not as tests have it.
    PORTCULLIS_ARGON2: '',
  });
  const user = await startUser(bed, auth.issuer, { NATS_URL: natsUrl });

  const accounts = Array.from({ length: PEOPLE }, account);
  for (let at = 0; at < PEOPLE; at += REGISTERED_AT_ONCE) {
    const some = accounts.slice(at, at + REGISTERED_AT_ONCE);
    await Promise.all(some.map((one) => post(`${auth.url}/v1/register`, one)));
  }
  const bystander = account();
  await post(`${auth.url}/v1/register`, bystander);
  const { access_token: token } = z
    .object({ access_token: z.string() })
    .parse(await post(`${auth.url}/v1/login`, bystander));

  const crowdSettings: CrowdSettings = { authUrl: auth.url, accounts };
  await using crowd = await Worker.start({
    entry: 'bench/login/crowd-process.ts',
    settings: crowdSettings,
  });
  await using bare = await Worker.start({
    entry: 'apps/auth/bench/hashing-process.ts',
    settings: null,
  });

  const headers = { authorization: `Bearer ${token}` };
  const asked = {
    'health check': () => get(`${auth.url}/healthz`),
    'token, checked by auth': () => get(`${auth.url}/v1/sessions`, headers),
    'token, checked by user': () => get(`${user.url}/v1/me`, headers),
  };
  const before = await memoryOf(auth.process.pid);
  const rates: { ours: number; bare: number }[] = [];
  const statuses: Record<string, number> = {};
  const waited: Record<string, number[]> = {};
  const times: number[] = [];
  let withoutRetryAfter = 0;
  // The first round of each warms up, and is not counted.
  for (let round = -1; round < rounds; round += 1) {
    const bareRate = z.number().parse(await bare.ask({ milliseconds }));
    const alone = crowdAnswer.parse(await crowd.ask({ milliseconds }));
    await sleep(REST_MS);
    // Once more, with others about: they take of the same processor, and are what is asked about now.
    const latencies = Object.entries(asked).map(([name, ask]) => [name, keepAsking(ask)] as const);
    const answer = crowdAnswer.parse(await crowd.ask({ milliseconds }));
    for (const [name, stop] of latencies) {
      const some = await stop();
      if (round >= 0) (waited[name] ??= []).push(...some);
    }
    await sleep(REST_MS);
    if (round < 0) continue;
    for (const { statuses: each, times: took, withoutRetryAfter: bareRefusals } of [
      alone,
      answer,
    ]) {
      for (const [status, count] of Object.entries(each)) {
        statuses[status] = (statuses[status] ?? 0) + count;
      }
      times.push(...took);
      withoutRetryAfter += bareRefusals;
    }
    const ours = (alone.statuses['200'] ?? 0) / (alone.milliseconds / 1_000);
    rates.push({ ours, bare: bareRate });
  }
  const after = await memoryOf(auth.process.pid);

  console.log(`\n  ${PEOPLE} log in at once, ${rounds} rounds of ${milliseconds / 1_000} s`);
  console.log(
    tableOf(
      ['logins', 'argon2 alone'],
      [
        ...rates.map(({ ours, bare: alone }, index) => ({
          name: `round ${index + 1}`,
          unit: '/s',
          ours,
          theirs: [alone],
        })),
        {
          name: 'median',
          unit: '/s',
          ours: quantile(
            rates.map(({ ours }) => ours),
            0.5,
          ),
          theirs: [
            quantile(
              rates.map(({ bare: alone }) => alone),
              0.5,
            ),
          ],
          target: { atLeastTimesFirst: TARGET_RATIO },
        },
      ],
    ),
  );
  console.log(`\n  meanwhile, ms; target ≤ ${TARGET_MS}`);
  for (const [name, all] of Object.entries(waited)) {
    const late = all.filter((one) => one > TARGET_MS).length;
    console.log(`  ${name.padEnd(24)}${spreadOf(all)}; above it ${late}`);
  }
  console.log(`  ${'a login, either answer'.padEnd(24)}${spreadOf(times)}`);
  // One that hangs ends the crowd, and this with it.
  console.log(`\n  answers: ${JSON.stringify(statuses)}; hung: 0`);
  console.log(
    `  memory of auth: ${before.now.toFixed(0)} MiB before, ${after.most.toFixed(0)} at most, ` +
      `${after.now.toFixed(0)} after`,
  );
  const strange = Object.keys(statuses).filter((status) => !['200', '429', '503'].includes(status));
  if (strange.length > 0) throw new Error(`answered with ${strange.join(' ')}`);
  if (withoutRetryAfter > 0) throw new Error(`${withoutRetryAfter} refusals without Retry-After`);
}

function spreadOf(times: readonly number[]): string {
  const [middle, most] = [quantile(times, 0.5), quantile(times, 0.99)];
  const shown = [middle, most, Math.max(...times)].map((one) => one.toFixed(1));
  return `p50 ${shown[0]}, p99 ${shown[1]}, max ${shown[2]} of ${times.length}`;
}

function account(): { email: string; password: string } {
  return {
    email: `${randomBytes(6).toString('hex')}@example.test`,
    password: randomBytes(18).toString('base64url'),
  };
}

async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

async function get(url: string, headers: Record<string, string> = {}): Promise<void> {
  const response = await fetch(url, { headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
}

/**
 * More logins than the machine can do: how many the service does beside what argon2 alone does, in
 * turns; and what all other users wait for meanwhile.
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
  type AuthProcess,
  type SpawnedService,
} from '@portcullis/testbed';
import { z } from 'zod';
import type { RunOptions } from '../benchmark.ts';
import { loadAnswer, type LoadQuestion, type LoadSettings } from './load-questions.ts';
import { LoadSteps } from './load-steps.ts';
import { asking, type Question } from './latency.ts';
import { memoryOf } from './memory.ts';

const USERS = 200;
const ROUNDS = 7;
const ROUND_MS = 10_000;
/** A service that has been up for a minute: before that, it still compiles itself. */
const WARM_UP_MS = 45_000;
const SHORT = { rounds: 2, milliseconds: 6_000, warmUp: 6_000 };
/** Users whose accounts are made at once; more than that would be refused. */
const REGISTERED_AT_ONCE = 8;
/** Between two rounds: until those who were refused would come back. */
const REST_MS = 1_000;

export async function benchLoginLoad({ short }: RunOptions): Promise<void> {
  const { rounds, milliseconds, warmUp } = short
    ? SHORT
    : { rounds: ROUNDS, milliseconds: ROUND_MS, warmUp: WARM_UP_MS };
  const databases = { auth: appDatabase('auth'), user: appDatabase('user') };
  await using bed = await createTestBed({ databases });
  const { natsUrl, redisUrl } = testServers();
  // Straight to the servers: the bed's own way leads through a proxy in this process.
  const auth = await startAuth(bed, {
    NATS_URL: natsUrl,
    REDIS_URL: redisUrl,
    // As it comes, and not as tests have it.
    PORTCULLIS_ARGON2: '',
    // As docs/operations.md has it.
    NODE_OPTIONS: '--max-semi-space-size=32',
  });
  const user = await startUser(bed, auth.issuer, { NATS_URL: natsUrl });
  const accounts = await registerAll(auth);
  const questions = await questionsOfOtherProcess(auth, user);

  const loadSettings: LoadSettings = { authUrl: auth.url, accounts };
  await using load = await Worker.start({
    entry: 'bench/login/load-process.ts',
    settings: loadSettings,
  });
  await using bare = await Worker.start({
    entry: 'apps/auth/bench/hashing-process.ts',
    settings: null,
  });
  const before = await memoryOf(auth.process.pid);
  // Another user asks in both, so that what differs is the logins alone.
  const hashing = async () =>
    await asking(questions, async () => z.number().parse(await bare.ask({ milliseconds })));
  const loggingIn = async (question: LoadQuestion) =>
    await asking(questions, async () => loadAnswer.parse(await load.ask(question)));
  await loggingIn({ milliseconds: warmUp });
  await hashing();
  const steps = new LoadSteps(await hashing());
  for (let round = 0; round < rounds; round += 1) {
    const loaded = await loggingIn({ milliseconds });
    await sleep(REST_MS);
    steps.add(loaded, await hashing());
  }
  const after = await memoryOf(auth.process.pid);

  console.log(`\n  ${USERS} log in at once, ${rounds} rounds of ${milliseconds / 1_000} s`);
  steps.print();
  console.log(
    `  memory of auth: ${before.now.toFixed(0)} MiB before, ${after.most.toFixed(0)} at most, ` +
      `${after.now.toFixed(0)} after`,
  );
  steps.demandWellFormedRefusals();
}

async function registerAll(auth: AuthProcess): Promise<LoadSettings['accounts']> {
  const accounts = Array.from({ length: USERS }, account);
  for (let at = 0; at < USERS; at += REGISTERED_AT_ONCE) {
    const some = accounts.slice(at, at + REGISTERED_AT_ONCE);
    await Promise.all(some.map((one) => post(`${auth.url}/v1/register`, one)));
  }
  return accounts;
}

/** By a user who has logged in before the load began. */
async function questionsOfOtherProcess(
  auth: AuthProcess,
  user: SpawnedService,
): Promise<Question[]> {
  const bystander = account();
  await post(`${auth.url}/v1/register`, bystander);
  const { access_token: token } = z
    .object({ access_token: z.string() })
    .parse(await post(`${auth.url}/v1/login`, bystander));
  const headers = { authorization: `Bearer ${token}` };
  return [
    { name: 'health check', ask: () => get(`${auth.url}/healthz`) },
    { name: 'token, checked by auth', ask: () => get(`${auth.url}/v1/sessions`, headers) },
    { name: 'token, checked by user', ask: () => get(`${user.url}/v1/me`, headers) },
  ];
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

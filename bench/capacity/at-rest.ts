/**
 * What the services take while nothing is asked of them: time and processor until they are ready, and memory a
 * minute after. In production settings: with the defaults, the log on, mail by SMTP, and Node's flags as
 * docs/operations.md has them. Each has been started once before, as in a rolling restart: what is made by a
 * first start (keys, the administrator) is there.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  appDatabase,
  createTestBed,
  ensureUserClient,
  startAdmin,
  startAuth,
  startUser,
  testServers,
  type Overrides,
  type SpawnedService,
} from '@portcullis/testbed';
import { processorMs } from './processor-time.ts';

export interface AtRest {
  /** Milliseconds from the start of the process until `/readyz` says 200, to within 25. */
  readonly readyMs: number;
  /** Milliseconds of processor by then, of all threads, to within 10. */
  readonly cpuMs: number;
  /** All of its memory that is resident; what is shared with other processes counts in full. */
  readonly rssMiB: number;
  /** The same; of what is shared, its share. */
  readonly pssMiB: number;
}

export interface AtRestOptions {
  /** Each with three new processes; 3 unless given. The medians are returned. */
  readonly rounds?: number;
  /** Milliseconds from ready until memory is read; 60,000 unless given. */
  readonly restMs?: number;
}

export type ServiceAtRest = 'auth' | 'user' | 'admin';

/** Straight to the servers: the bed's own way leads through a proxy in this process. */
function productionSettings(): Overrides {
  const { natsUrl, redisUrl } = testServers();
  return { NODE_ENV: 'production', NATS_URL: natsUrl, REDIS_URL: redisUrl };
}

const OF_AUTH: Overrides = {
  NODE_OPTIONS: '--max-semi-space-size=32',
  PORTCULLIS_ARGON2: '',
  PORTCULLIS_RATE_LIMIT_SCALE: '1',
  PORTCULLIS_REQUIRE_VERIFIED_EMAIL: 'true',
  // Nothing is sent: no mail is written.
  PORTCULLIS_SMTP_URL: 'smtp://127.0.0.1:25',
  PORTCULLIS_MAIL_FROM: 'accounts@example.test',
};

/** @returns medians for each service. Linux only: it reads `/proc`. */
export async function measureAtRest({ rounds = 3, restMs = 60_000 }: AtRestOptions = {}): Promise<
  Record<ServiceAtRest, AtRest>
> {
  const measured: Record<ServiceAtRest, AtRest[]> = { auth: [], user: [], admin: [] };
  for (let round = 0; round < rounds; round += 1) {
    const figures = await measureOnce(restMs);
    for (const [service, one] of figures) measured[service].push(one);
  }
  return {
    auth: medianOf(measured.auth),
    user: medianOf(measured.user),
    admin: medianOf(measured.admin),
  };
}

async function measureOnce(restMs: number): Promise<[ServiceAtRest, AtRest][]> {
  const databases = { auth: appDatabase('auth'), user: appDatabase('user') };
  await using bed = await createTestBed({ databases });
  const settings = productionSettings();
  const auth = await startAuth(bed, { ...settings, ...OF_AUTH });
  await ensureUserClient(bed, auth);
  const user = await startUser(bed, auth.issuer, settings);
  const admin = await startAdmin(bed, auth, settings);
  // One after another, so that none waits for a core that another one has.
  const restarted = {
    auth: await restart(auth),
    user: await restart(user),
    admin: await restart(admin),
  };
  await sleep(restMs);
  return [
    ['auth', await figuresOf(restarted.auth)],
    ['user', await figuresOf(restarted.user)],
    ['admin', await figuresOf(restarted.admin)],
  ];
}

interface Restarted {
  readonly pid: number;
  readonly readyMs: number;
  readonly cpuMs: number;
}

async function restart(service: SpawnedService): Promise<Restarted> {
  await service.stop();
  const before = performance.now();
  await service.restart();
  const readyMs = performance.now() - before;
  const { pid } = service.process;
  return { pid, readyMs, cpuMs: processorMs(pid) };
}

async function figuresOf({ pid, readyMs, cpuMs }: Restarted): Promise<AtRest> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1_024;
  return { readyMs, cpuMs, rssMiB: mebibytes('Rss'), pssMiB: mebibytes('Pss') };
}

function medianOf(figures: readonly AtRest[]): AtRest {
  const median = (of: (one: AtRest) => number): number =>
    figures.map(of).toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
  return {
    readyMs: median((one) => one.readyMs),
    cpuMs: median((one) => one.cpuMs),
    rssMiB: median((one) => one.rssMiB),
    pssMiB: median((one) => one.pssMiB),
  };
}

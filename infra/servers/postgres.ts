import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { runServer, type AnsweringServer } from './run-server.ts';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { secret } from '../secrets.ts';
import { StepFailure } from '../steps.ts';
import { postgresMajor } from '../system/postgres-major.ts';
import type { User } from '../system/unprivileged-user.ts';

export interface PostgresOptions {
  /** The folder that gets the cluster, and who runs it (undefined: the user of this process). */
  home: string;
  user: User | undefined;
  /** Keep what was committed through a power cut. A test's cluster is deleted anyway. */
  durable: boolean;
  /** Count what each statement takes, where the library for it is there. */
  countsStatements: boolean;
}

const SUPERUSER = 'portcullis';
const MAX_CONNECTIONS = 300;

export async function startPostgres(
  session: Session,
  folders: readonly string[],
  options: PostgresOptions,
): Promise<AnsweringServer & { program: string }> {
  const { user } = options;
  const cluster = join(options.home, 'postgres');
  const binFolder = folderFor(cluster, folders);
  const password = secret(session.dataFolder, 'postgres');
  if (!existsSync(join(cluster, 'PG_VERSION'))) {
    await initialise(session, { binFolder, cluster, password, ...options });
  }
  forgetReusedPid(cluster);
  const answering = await runServer(session, 'postgres', (port) => ({
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`,
    argv: [join(binFolder, 'postgres'), '-D', cluster, ...settings(port, binFolder, options)],
    env: plainEnvironment(),
    cwd: '/',
    signal: 'SIGINT', // "fast" shutdown: sessions are ended, nothing committed is lost
    graceMs: 20_000,
    user: user && { uid: user.uid, gid: user.gid },
  }));
  return { ...answering, program: binFolder };
}

function settings(
  port: number,
  binFolder: string,
  { durable, countsStatements }: PostgresOptions,
): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    password_encryption: 'scram-sha-256',
    log_timezone: 'UTC',
    timezone: 'UTC',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    synchronous_commit: 'on',
    ...(countsStatements && hasLibrary(binFolder, STATEMENTS) && preloaded(STATEMENTS)),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

const STATEMENTS = 'pg_stat_statements';
/** Where a PostgreSQL keeps its libraries, beside its programs: as its packages have it, of several systems. */
const LIBRARY_FOLDERS = ['lib', 'lib/postgresql', 'lib/pgsql', 'lib64/pgsql'];

function hasLibrary(binFolder: string, name: string): boolean {
  // The program may be linked from elsewhere.
  const home = join(dirname(realpathSync(join(binFolder, 'postgres'))), '..');
  return LIBRARY_FOLDERS.some((folder) =>
    ['so', 'dylib'].some((ending) => existsSync(join(home, folder, `${name}.${ending}`))),
  );
}

const preloaded = (library: string) => ({ shared_preload_libraries: library });

/** A cluster belongs to one major version: the server of that version where it is there. */
function folderFor(cluster: string, folders: readonly string[]): string {
  const newest = folders[0];
  if (newest === undefined) throw new Error('no PostgreSQL to start');
  const versionFile = join(cluster, 'PG_VERSION');
  if (!existsSync(versionFile)) return newest;
  const wanted = readFileSync(versionFile, 'utf8').trim();
  const matching = folders.find((folder) => majorOf(folder) === wanted);
  if (matching !== undefined) return matching;
  throw new StepFailure(
    `The data folder holds a PostgreSQL ${wanted} cluster, but this machine has ${majorOf(newest)}.`,
    { fix: 'rm -r .portcullis/dev   (starts anew, without the accounts made so far)' },
  );
}

const majorOf = (binFolder: string): string =>
  String(postgresMajor(join(binFolder, 'postgres')) ?? '?');

interface Cluster extends PostgresOptions {
  binFolder: string;
  cluster: string;
  password: string;
}

async function initialise(
  session: Session,
  { binFolder, cluster, password, user, durable }: Cluster,
): Promise<void> {
  // What an interrupted attempt left: without PG_VERSION it was never a cluster.
  rmSync(cluster, { recursive: true, force: true });
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  if (user) chownSync(cluster, user.uid, user.gid);
  // Not below the cluster, which initdb wants empty, and where its user can read it.
  const passwordFile = `${cluster}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  try {
    await mustRun(session.supervisor, {
      name: 'initdb',
      argv: [
        join(binFolder, 'initdb'),
        ...['-D', cluster, '-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
        ...['-E', 'UTF8', '--locale=C', '--no-instructions'],
        ...(durable ? [] : ['--no-sync']),
      ],
      env: plainEnvironment(),
      cwd: '/',
      user: user && { uid: user.uid, gid: user.gid },
      output: { file: join(session.dataFolder, 'logs', 'initdb.log') },
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Without the PG… settings of the user's shell, which would redirect the tools. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C' };
}

/**
 * After a reboot the pid in a left-over postmaster.pid may be another process's, and PostgreSQL would
 * refuse to start. No postmaster of ours is alive here: the data folder's lock is held, and what an
 * earlier run left has been ended.
 */
function forgetReusedPid(cluster: string): void {
  const file = join(cluster, 'postmaster.pid');
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8');
    if (!name.startsWith('postgres')) rmSync(file);
  } catch {
    // No such file or no such process: PostgreSQL sorts it out.
  }
}

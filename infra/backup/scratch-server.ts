/** A PostgreSQL of its own, on 127.0.0.1, for a restore that is only looked at. It goes with its session. */
import { basename, join } from 'node:path';
import postgres from 'postgres';
import type { Session } from '../lifetime/session.ts';
import { startPostgres } from '../servers/postgres.ts';
import { postgresHome } from '../servers/postgres-home.ts';
import { StepFailure } from '../steps.ts';
import { findPostgresFolders } from '../system/find-binary.ts';
import { postgresMajor } from '../system/postgres-major.ts';
import { unprivilegedUser } from '../system/unprivileged-user.ts';
import { packageHint } from './client-programs.ts';

export interface ScratchServer {
  readonly major: number;
  /** @returns the address of a new, empty database */
  createDatabase(name: string): Promise<string>;
}

/**
 * @param session one whose folder goes with it
 * @param major of the server that was dumped: this or a later one can restore it
 * @throws {StepFailure} naming the package, where no such server is on this machine
 */
export async function startScratchServer(session: Session, major: number): Promise<ScratchServer> {
  // In the launcher's folder it would be the launcher's cluster.
  if (!basename(session.dataFolder).startsWith('test-')) throw new Error('not a folder of its own');
  const { folder, major: chosen } = serverFor(major);
  const user = unprivilegedUser();
  const home = await postgresHome(session, user);
  const { url } = await startPostgres(session, [folder], {
    home,
    user,
    durable: false,
    countsStatements: false,
  });
  return {
    major: chosen,
    async createDatabase(name) {
      const sql = postgres(url, { max: 1, onnotice: () => undefined });
      try {
        await sql.unsafe(`create database ${name}`);
      } finally {
        await sql.end({ timeout: 2 });
      }
      const address = new URL(url);
      address.pathname = `/${name}`;
      return address.href;
    },
  };
}

function serverFor(major: number): { folder: string; major: number } {
  const found = findPostgresFolders()
    .map((folder) => ({ folder, major: postgresMajor(join(folder, 'postgres')) ?? 0 }))
    .filter((one) => one.major >= major)
    .toSorted((a, b) => a.major - b.major);
  const [nearest] = found;
  if (nearest !== undefined) return nearest;
  throw new StepFailure(
    `This backup is of PostgreSQL ${major}, and no server of that version is on this machine.`,
    { fix: packageHint(`postgresql-${major}`, major) },
  );
}

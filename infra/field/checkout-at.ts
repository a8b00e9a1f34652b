import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pnpmCommand } from '../install/package-manager.mjs';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { ROOT } from '../paths.ts';
import { turbo, turboEnvironment } from '../services/build.ts';
import { step } from '../steps.ts';
import { WrongUsage } from '../usage/read-words.mjs';
import { isFieldFile } from './documented-faults.ts';
import { inFormerWords } from './former-words.ts';

const git = (...words: string[]): string =>
  execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/**
 * @param command of which it is a word
 * @throws {WrongUsage} when this repository has no such commit
 */
export function commitOf(command: string, name: string): string {
  try {
    return git('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`).trim();
  } catch {
    throw new WrongUsage(`npm run ${command}`, `${name} is no commit of this repository`, 'HEAD');
  }
}

/**
 * A clone of that commit, installed and built, with the field tests of this checkout in it.
 *
 * @returns its folder, which goes with the session
 */
export async function checkoutAt(session: Session, commit: string): Promise<string> {
  const folder = await builtAt(session, commit);
  copyFieldTests(folder);
  return folder;
}

/**
 * A clone of that commit, installed and built.
 *
 * @returns its folder, which goes with the session
 */
export async function builtAt(session: Session, commit: string): Promise<string> {
  const folder = await installedAt(session, commit);
  const build = turbo('run', 'build', '--output-logs=errors-only');
  await runIn(session, folder, 'build', build, turboEnvironment());
  return folder;
}

/**
 * A clone of that commit, installed.
 *
 * @returns its folder, which goes with the session
 */
export async function installedAt(session: Session, commit: string): Promise<string> {
  const folder = join(session.dataFolder, 'commit');
  git('clone', '--quiet', '--no-checkout', ROOT, folder);
  git('-C', folder, 'checkout', '--quiet', '--detach', commit);
  const install = [...argvOf(pnpmCommand()), 'install', '--frozen-lockfile'] as const;
  await runIn(session, folder, 'install', install, { ...process.env, CI: 'true' });
  return folder;
}

async function runIn(
  { supervisor, dataFolder }: Session,
  cwd: string,
  name: string,
  argv: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await step(name, async () => {
    const output = { file: join(dataFolder, 'logs', `commit-${name}.log`) };
    await mustRun(supervisor, { name, argv, env, cwd, output });
  });
}

/**
 * Replaces the commit's own field tests by the present ones, so that one state of the tests checks both
 * commits. Programs are put into the words of that commit.
 */
function copyFieldTests(folder: string): void {
  const files = (repository: string): string[] =>
    git('-C', repository, 'ls-files', '--cached', '--others', '--exclude-standard', '-z')
      .split('\0')
      .filter((path) => isFieldFile(path));
  for (const path of files(folder)) rmSync(join(folder, path));
  for (const path of files(ROOT)) {
    const [from, to] = [join(ROOT, path), join(folder, path)];
    mkdirSync(dirname(to), { recursive: true });
    if (/\.m?[jt]s$/.test(path)) writeFileSync(to, inFormerWords(readFileSync(from, 'utf8')));
    else cpSync(from, to);
  }
}

function argvOf([file = 'pnpm', ...rest]: string[]): [string, ...string[]] {
  return [file, ...rest];
}

import { execFileSync } from 'node:child_process';

/** The version that the lockfile was made with; any other of a supported major will do. */
export const PINNED_PNPM = 'pnpm@12.21.0';
const OLDEST_MAJOR = 10;

/** @type {string[] | undefined} */
let found;

/**
 * The command that runs pnpm, as argv: the one on PATH where it is new enough, else through npx,
 * so that a machine with nothing but Node and npm works.
 * @returns {string[]}
 */
export function pnpmCommand() {
  found ??= pnpmOnPath() ? ['pnpm'] : ['npx', '-y', PINNED_PNPM];
  return found;
}

function pnpmOnPath() {
  try {
    const version = execFileSync('pnpm', ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    });
    return Number.parseInt(version, 10) >= OLDEST_MAJOR;
  } catch {
    return false;
  }
}

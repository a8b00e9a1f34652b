import { join } from 'node:path';
import { pnpmCommand } from '../install/package-manager.mjs';
import { acquireLock } from '../lifetime/lock.mjs';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { DATA_ROOT } from '../paths.ts';

const LOCK_WAIT_MS = 300_000;

/** turbo wants pnpm on PATH, which `pnpm exec` (through npx where it is absent) sees to. */
export function turbo(...words: string[]): [string, ...string[]] {
  const [file = 'pnpm', ...before] = pnpmCommand();
  return [file, ...before, 'exec', 'turbo', ...words];
}

export const turboEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
});

/** Builds what has changed since the last time. */
export async function build(session: Session): Promise<void> {
  // `npm start` and `npm test` beside it would otherwise write the same files at the same time.
  const lock = await acquireLock(join(DATA_ROOT, 'build'), { waitMs: LOCK_WAIT_MS });
  try {
    await mustRun(session.supervisor, {
      name: 'build',
      argv: turbo('run', 'build', '--output-logs=errors-only'),
      env: turboEnvironment(),
      output: { file: join(session.dataFolder, 'logs', 'build.log') },
    });
  } finally {
    lock.release();
  }
}

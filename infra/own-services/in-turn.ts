import { join } from 'node:path';
import { acquireLock, LockHeld } from '../lifetime/lock.mjs';
import { StepFailure } from '../steps.ts';

/** Longer than one change takes, with its waits. */
const WAIT_MS = 120_000;

/**
 * One change of the services at a time: each reads services.json, changes it and acts on what it says.
 *
 * @throws {StepFailure} while another one goes on for very long
 */
export async function inTurn<T>(dataFolder: string, work: () => Promise<T>): Promise<T> {
  const lock = await acquireLock(join(dataFolder, 'services.lock'), {
    waitMs: WAIT_MS,
    note: 'npm run service',
  }).catch((error: unknown) => {
    if (!(error instanceof LockHeld)) throw error;
    const { pid } = error.holder;
    throw new StepFailure(`npm run service is at work already, as process ${pid}.`, {
      fix: `wait for it, or: kill ${pid}`,
    });
  });
  try {
    return await work();
  } finally {
    lock.release();
  }
}

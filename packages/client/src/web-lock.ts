/** Web Locks, where the platform has them. */
import { PortcullisError } from './error.ts';

/** How long to wait for another tab, in milliseconds; a frozen tab can hold a lock for ever. */
const LOCK_TIMEOUT_MS = 15_000;

/**
 * Runs the work while no other tab of this origin runs work under the same name. Without a name, or
 * without Web Locks, it just runs it.
 *
 * @throws PortcullisError `network` when the lock was not had in 15 seconds
 */
export async function underWebLock<T>(
  name: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  // Absent in Node before 24, although the types of the DOM have it.
  const locks: LockManager | undefined =
    typeof navigator === 'undefined' ? undefined : navigator.locks;
  if (name === undefined || locks === undefined) return work();
  const signal = AbortSignal.timeout(LOCK_TIMEOUT_MS);
  let had = false;
  try {
    return await locks.request(name, { signal }, () => {
      had = true;
      return work();
    });
  } catch (cause) {
    if (!had && signal.aborted) throw new PortcullisError('network', { cause });
    throw cause;
  }
}

/** Web Locks, where the platform has them. */
import { PortcullisError } from './error.ts';

/** How long to wait for another tab, in milliseconds; a frozen tab can hold a lock for ever. */
const LOCK_TIMEOUT_MS = 15_000;
/** How long a sign is given, in milliseconds. */
const SIGN_MS = 5_000;

/** Absent in Node before 24, although the types of the DOM have it. */
const locksHere = (): LockManager | undefined => globalThis.navigator?.locks;

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
  const locks = locksHere();
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

/**
 * Gives the tabs of this origin a sign for a while: a lock of this name. What a tab writes to a storage reaches the others in its
 * own time, while locks are granted in one order for all: who gets a lock that is given up after this sees the sign.
 */
export function giveSign(name: string): void {
  const whileGiven = () => new Promise((over) => setTimeout(over, SIGN_MS));
  void locksHere()
    ?.request(name, whileGiven)
    .catch(() => {});
}

/** @returns whether a tab gives it */
export async function seesSign(name: string): Promise<boolean | undefined> {
  return await locksHere()?.request(name, { ifAvailable: true }, (lock) => !lock);
}

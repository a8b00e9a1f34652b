/**
 * argon2id, in threads of its own, with a bound on how much of it runs and waits.
 *
 * By default each hash takes 64 MiB and some 50 ms of a core. Without a bound, a flood of logins fills
 * the memory, and everything else waits behind it; with one, the excess is refused at once, and all
 * hashes together take `MAX_CONCURRENT` times the memory of one. A hash is waited for without a
 * connection to the database.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import type { Argon2Parameters } from './argon2-parameters.ts';
import { parametersOf, TAG_BYTES } from './argon2.mjs';
import { BATCH_SIZE, HashingThreads } from './hashing-threads.ts';
import { normalisePassword } from './password-policy.ts';
import { AdmissionQueue } from './admission-queue.ts';

/** Threads that hash: one a core, as more would not be done sooner. */
export const MAX_CONCURRENT = Math.min(8, availableParallelism());
/** Hashes that the threads have, what they are to get next, and as many logins at the database. */
export const MAX_IN_FLIGHT = 3 * BATCH_SIZE * MAX_CONCURRENT;
/** Hashes that wait. At 50 ms each, the last of them waits for two seconds. */
const MAX_WAITING = 40 * MAX_CONCURRENT - MAX_IN_FLIGHT;

export interface HasherGauges {
  readonly running: number;
  readonly waiting: number;
}

export interface PasswordHasher extends AsyncDisposable {
  readonly load: HasherGauges;
  /**
   * A login waits here, before the account is looked up: so however many come, those that ask the
   * database for one at once are a few, and all other requests have its connections soon.
   */
  readonly logins: AdmissionQueue;
  /** @throws Refusal `overloaded` */
  hash(password: string): Promise<string>;
  /**
   * Takes as long without a stored hash as with one, so that an unknown account cannot be recognised by
   * the clock.
   *
   * @throws Refusal `overloaded`
   */
  verify(stored: string | null, password: string): Promise<boolean>;
  /** Whether the stored hash was made with other parameters than today's. */
  outdated(stored: string): boolean;
}

/** @param today what is hashed with from now on; older hashes go on being checked with their own */
export function createPasswordHasher(today: Argon2Parameters): PasswordHasher {
  const hashes = new AdmissionQueue(MAX_IN_FLIGHT, MAX_WAITING);
  const logins = new AdmissionQueue(MAX_IN_FLIGHT, MAX_WAITING);
  const threads = new HashingThreads(MAX_CONCURRENT);

  const hash = async (password: string): Promise<string> =>
    z.string().parse(await hashes.run(() => threads.run({ password, parameters: today })));

  const dummyHash = hashOfNothing(today);

  return {
    load: {
      get running() {
        return hashes.running - threads.waiting;
      },
      get waiting() {
        return threads.waiting + hashes.waiting + logins.waiting;
      },
    },
    logins,
    hash: (password) => hash(normalisePassword(password)),
    async verify(stored, password) {
      const job = { stored: stored ?? dummyHash, password: normalisePassword(password) };
      return (await hashes.run(() => threads.run(job))) === true && stored !== null;
    },
    outdated(stored) {
      const { memoryCost, timeCost, parallelism } = parametersOf(stored);
      return (
        memoryCost !== today.memoryCost ||
        timeCost !== today.timeCost ||
        parallelism !== today.parallelism
      );
    },
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}

/** RFC 9106 section 3.1. */
const SALT_BYTES = 16;

/**
 * What the password of an unknown account is compared with: salt and tag at random, which no password is known
 * to have, and which costs as much to compare with as any other. None is computed, since that would start a
 * thread, of some 20 MiB, in an instance to which no one may ever log in.
 */
function hashOfNothing({ memoryCost, timeCost, parallelism }: Argon2Parameters): string {
  const [salt, tag] = [SALT_BYTES, TAG_BYTES].map((length) =>
    randomBytes(length).toString('base64').replace(/=+$/, ''),
  );
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${salt}$${tag}`;
}

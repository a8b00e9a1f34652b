/**
 * argon2id, off the event loop, with a bound on how much of it runs and waits.
 *
 * Each hash takes 19 MiB and some 25 ms of a core. Without a bound, a flood of logins fills the
 * memory and Node's thread pool, and everything else waits behind it; with one, the excess is
 * refused at once.
 */
import { availableParallelism } from 'node:os';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Refusal } from '@portcullis/contracts';
import { normalisePassword } from './judge-password.ts';

/** OWASP Password Storage: argon2id with 19 MiB, two passes, one lane. KiB. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
/** Node's pool has four threads; one stays free for name look-ups and files. */
const MAX_CONCURRENT = Math.min(3, availableParallelism());
/** Hashes that wait. At 25 ms each, the last of them waits for a second or two. */
const MAX_WAITING = 128;
const RETRY_AFTER_S = 2;

export interface HasherGauges {
  running: number;
  waiting: number;
}

export interface PasswordHasher {
  readonly load: Readonly<HasherGauges>;
  /** @throws Refusal `overloaded` */
  hash(password: string): Promise<string>;
  /**
   * Takes as long without a stored hash as with one, so that an unknown account cannot be told by
   * the clock.
   *
   * @throws Refusal `overloaded`
   */
  verify(stored: string | null, password: string): Promise<boolean>;
  /** Whether the stored hash was made with other parameters than today's. */
  outdated(stored: string): boolean;
}

export async function createPasswordHasher(): Promise<PasswordHasher> {
  const load: HasherGauges = { running: 0, waiting: 0 };
  const waiting: (() => void)[] = [];

  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    if (load.running >= MAX_CONCURRENT) {
      if (waiting.length >= MAX_WAITING) {
        throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_S });
      }
      // Whoever is done hands over its place, so `running` does not change in between.
      await new Promise<void>((resolve) => {
        load.waiting = waiting.push(resolve);
      });
    } else {
      load.running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      load.waiting = waiting.length;
      if (next === undefined) load.running -= 1;
      else next();
    }
  }

  // Of a password that nobody knows, at today's parameters.
  const nobody = await hash(crypto.getRandomValues(new Uint8Array(32)), PARAMETERS);

  return {
    load,
    hash: (password) => bounded(() => hash(normalisePassword(password), PARAMETERS)),
    async verify(stored, password) {
      const holds = await bounded(() => verify(stored ?? nobody, normalisePassword(password)));
      return stored !== null && holds;
    },
    outdated(stored) {
      const { memoryCost, timeCost, parallelism } = parseOptions(stored);
      return (
        memoryCost !== PARAMETERS.memoryCost ||
        timeCost !== PARAMETERS.timeCost ||
        parallelism !== PARAMETERS.parallelism
      );
    },
  };
}

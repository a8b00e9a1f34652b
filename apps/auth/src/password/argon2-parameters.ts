/** What hashing a password costs its caller, as configuration; argon2id throughout (RFC 9106). */
import * as z from 'zod';

export interface Argon2Parameters {
  /** KiB. */
  memoryCost: number;
  /** Passes over the memory. */
  timeCost: number;
  /** Lanes. */
  parallelism: number;
}

/**
 * Memory and passes of RFC 9106 section 4, second recommended option, in one lane instead of four.
 *
 * Lanes let one hash use several cores. Where several users log in at once each core has a hash of its
 * own, and the threads of four lanes, which @node-rs/argon2 starts for each, cost half as much
 * processor time again. An attacker with a stolen table works on many guesses at once as well, and has
 * at most an easier time with lanes, since they can be filled side by side.
 */
export const DEFAULT_ARGON2: Argon2Parameters = {
  memoryCost: 65_536,
  timeCost: 3,
  parallelism: 1,
};

/** OWASP Password Storage Cheat Sheet: least KiB by passes, which it holds for equally strong. */
const FLOORS = [
  { memoryCost: 47_104, timeCost: 1 },
  { memoryCost: 19_456, timeCost: 2 },
  { memoryCost: 12_288, timeCost: 3 },
  { memoryCost: 9_216, timeCost: 4 },
  { memoryCost: 7_168, timeCost: 5 },
];

/** A thread that hashes takes as much. KiB. */
const MOST_MEMORY = 1_048_576;
const MOST_PASSES = 32;
const MOST_LANES = 16;

/** `m=65536,t=3,p=1`, as the PHC string format has it in each hash. */
export const argon2Parameters = z
  .string()
  .regex(/^m=\d{1,9},t=\d{1,9},p=\d{1,9}$/, 'is not of the form m=65536,t=3,p=1')
  .transform((text): Argon2Parameters => {
    const [memoryCost = 0, timeCost = 0, parallelism = 0] = text.match(/\d+/g)?.map(Number) ?? [];
    return { memoryCost, timeCost, parallelism };
  })
  .refine(
    ({ memoryCost, timeCost }) =>
      FLOORS.some((floor) => memoryCost >= floor.memoryCost && timeCost >= floor.timeCost),
    'is below the least that OWASP recommends, such as m=19456,t=2,p=1',
  )
  .refine(
    ({ memoryCost, timeCost, parallelism }) =>
      memoryCost <= MOST_MEMORY &&
      timeCost <= MOST_PASSES &&
      parallelism >= 1 &&
      parallelism <= MOST_LANES,
    `is above m=${MOST_MEMORY},t=${MOST_PASSES},p=${MOST_LANES}, or has no lane`,
  );

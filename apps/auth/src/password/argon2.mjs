/**
 * argon2id (RFC 9106) by @node-rs/argon2, which no other file of a service names: why this one, and beside
 * what, stands in docs/decisions.md. Plain JavaScript, as the threads that hash load it without a compiler.
 */
import { hashSync, parseOptions, verifySync } from '@node-rs/argon2';

/** @typedef {{ memoryCost: number, timeCost: number, parallelism: number }} Parameters KiB, passes and lanes */

/** The length of the tag (RFC 9106 section 4), in bytes. */
export const TAG_BYTES = 32;

/**
 * @param {string | Uint8Array} password
 * @param {Parameters} parameters
 * @returns {string} in the form of PHC strings, with a salt of its own
 */
export function hash(password, { memoryCost, timeCost, parallelism }) {
  return hashSync(password, { memoryCost, timeCost, parallelism, outputLen: TAG_BYTES });
}

/**
 * @param {string} stored
 * @param {string | Uint8Array} password
 * @returns {boolean} whether the stored hash is one of this password
 * @throws {Error} for what is no hash
 */
export function verify(stored, password) {
  return verifySync(stored, password);
}

/**
 * @param {string} stored
 * @returns {Parameters} what the stored hash was made with
 * @throws {Error} for what is no hash
 */
export function parametersOf(stored) {
  const { memoryCost, timeCost, parallelism } = parseOptions(stored);
  return { memoryCost, timeCost, parallelism };
}

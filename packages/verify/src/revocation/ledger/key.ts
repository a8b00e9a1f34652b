/**
 * Identifiers as the ledger's tables know them: the same 128 bits, mixed.
 *
 * A key is `[hash, w0, w1, w2]`. The hash stands in the place of the identifier's last word, and each
 * of the two determines the other. So a key is as long as its identifier, comparing whole keys is
 * comparing whole identifiers, and no hash is ever computed again or stored beside.
 *
 * The last word is 32 random bits in every identifier that the issuer makes, and so the hash is spread.
 * Flooding a table would take identifiers with the same last word: no attacker can make them up, since
 * only the issuer's events enter a ledger and only signed tokens are looked up in it, and waiting for
 * the issuer to draw the same 32 bits takes four thousand million logins a piece. The seed hides the
 * order of hashes from an attacker who would choose among identifiers that were issued to them.
 */

/** @param lastWord the identifier's last word */
export function hashOf(lastWord: number, seed: number): number {
  // MurmurHash3's finalizer: a bijection in which each bit of the input reaches all of the output.
  let x = lastWord ^ seed;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

export const PLACES = 2 ** 32;

/**
 * Which part of a table the hash belongs to, from 0 to 2^32 - 1. Within a part entries go by the hash
 * itself: hashes that are close lie far apart here, so that filling one part after the other does not
 * fill each from one end.
 */
export function placeOf(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> 0;
}

/** Turns an identifier's words, from `at` on, into its key, in place. */
export function toKey(words: Int32Array, seed: number, at = 0): void {
  const hash = hashOf(words[at + 3] ?? 0, seed);
  words[at + 3] = words[at + 2] ?? 0;
  words[at + 2] = words[at + 1] ?? 0;
  words[at + 1] = words[at] ?? 0;
  words[at] = hash;
}

/** Turns a key back into the words of its identifier, in place. */
export function fromKey(key: Int32Array, seed: number): void {
  // The finalizer's steps backwards, with the inverses of its factors modulo 2^32.
  let x = key[0] ?? 0;
  x = Math.imul(x ^ (x >>> 16), 0x7ed1b41d);
  x = Math.imul(x ^ (x >>> 13) ^ (x >>> 26), 0xa5cb9243);
  key[0] = key[1] ?? 0;
  key[1] = key[2] ?? 0;
  key[2] = key[3] ?? 0;
  key[3] = x ^ (x >>> 16) ^ seed;
}

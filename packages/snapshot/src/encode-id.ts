import type { Id } from '@portcullis/contracts';
import { ALPHABET } from './id-words.ts';

/** The identifier with these bits: what `decodeId` takes apart. */
export function encodeId<P extends string>(prefix: P, words: Int32Array): Id<P> {
  let body = '';
  for (let low = 125; low >= 0; low -= 5) {
    const word = 3 - (low >>> 5);
    const shift = low & 31;
    let digit = (words[word] ?? 0) >>> shift;
    if (shift > 27 && word > 0) digit |= (words[word - 1] ?? 0) << (32 - shift);
    body += ALPHABET.charAt(digit & 31);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- prefix, underscore, 26 characters of the alphabet
  return `${prefix}_${body}` as Id<P>;
}

/**
 * Session ids by the million, as bytes outside the heap, so that only what holds them is measured.
 *
 * They are as the issuer makes them: 10 digits of time, 16 of chance. The strings that are made of them
 * are new ones each time, as those from a parsed token are: their hash is not computed yet.
 */
import type { SessionId } from '@portcullis/contracts';

const ALPHABET = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz');
const LENGTH = 30;
const RANDOM_FROM = 14;

export class SessionIds {
  readonly #bytes: Buffer;
  readonly count: number;

  constructor(count: number) {
    this.count = count;
    this.#bytes = Buffer.alloc(count * LENGTH, 'ses_01jd0000000000000000000000');
    const chance = new Uint8Array(16_384);
    for (let i = 0; i < count; i += 1) {
      const offset = (i * 16) % chance.length;
      if (offset === 0) crypto.getRandomValues(chance);
      const start = i * LENGTH;
      // A new millisecond for every four.
      for (let digit = 13, time = i >>> 2; time > 0; digit -= 1, time >>>= 5) {
        this.#bytes[start + digit] = ALPHABET[time & 31] ?? 0;
      }
      for (let digit = 0; digit < 16; digit += 1) {
        this.#bytes[start + RANDOM_FROM + digit] =
          ALPHABET[(chance[offset + digit] ?? 0) & 31] ?? 0;
      }
    }
  }

  at(index: number): SessionId {
    const start = index * LENGTH;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made above
    return this.#bytes.toString('latin1', start, start + LENGTH) as SessionId;
  }

  /** So many of them, from all over. */
  some(count: number): SessionId[] {
    const from = Math.floor(Math.random() * this.count);
    return Array.from({ length: count }, (_, i) => this.at((from + i * 7_919) % this.count));
  }
}

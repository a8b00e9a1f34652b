import { newId } from '@portcullis/contracts';
import { sessionId } from '@portcullis/contracts/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeId, encodeId, lastBitsOf } from '../src/index.ts';

const words = fc.int32Array({ minLength: 4, maxLength: 4 });

describe('the words of an identifier', () => {
  /** By arithmetic on the whole number. */
  function wordsOf(id: string): number[] {
    let bits = 0n;
    for (const digit of id.slice(4)) {
      bits = bits * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(digit));
    }
    return [96n, 64n, 32n, 0n].map((shift) => Number(BigInt.asIntN(32, bits >> shift)));
  }

  it('are its 128 bits, there and back', () => {
    fc.assert(
      fc.property(words, (all) => {
        const id = encodeId('ses', Int32Array.from(all));
        expect(sessionId.safeParse(id).success).toBe(true);
        const decoded = new Int32Array(4);
        expect(decodeId(id, 'ses', decoded)).toBe(true);
        expect([...decoded]).toEqual([...all]);
        expect([...decoded]).toEqual(wordsOf(id));
        expect(lastBitsOf(id)).toBe(decoded[3]);
      }),
    );
  });

  it('are had from exactly the texts that the schema accepts', () => {
    const id = newId('ses');
    const near = fc
      .tuple(
        fc.constantFrom(3, 4, 4, 5, 12, 29),
        fc.oneof(fc.string({ unit: 'binary', maxLength: 2 }), fc.stringMatching(/^[0-9a-z]$/)),
        fc.nat(2),
      )
      .map(([index, text, drop]) => id.slice(0, index) + text + id.slice(index + drop));
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        const decoded = new Int32Array(4);
        expect(decodeId(text, 'ses', decoded)).toBe(sessionId.safeParse(text).success);
        lastBitsOf(text); // of anything, without harm
      }),
      { numRuns: 2_000 },
    );
  });
});

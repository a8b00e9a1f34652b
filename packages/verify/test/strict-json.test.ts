/** What JSON says, whatever it is written in: ASCII as tokens are, or any other UTF-8. */
import fc from 'fast-check';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '../src/wire/strict-json.ts';

const SEED = 20261127;
const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__');
const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.array(fc.string({ unit: 'grapheme' })),
  fc.dictionary(name, fc.integer(), { noNullPrototype: true }),
);
const object = fc.dictionary(name, value, { noNullPrototype: true });

describe('strict JSON', () => {
  it('is read as JSON.parse reads its text', () => {
    fc.assert(
      fc.property(object, (written) => {
        const text = JSON.stringify(written);
        expect(parseStrictJson(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it('is the same with everything beyond ASCII escaped', () => {
    fc.assert(
      fc.property(object, (written) => {
        const text = JSON.stringify(written);
        const escaped = text.replace(
          /[^\0-\x7f]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
        expect(parseStrictJson(Buffer.from(escaped))).toEqual(JSON.parse(text));
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it('is read to the length that is given, whatever stands behind it', () => {
    const behind = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(object, behind, (written, more) => {
        const text = JSON.stringify(written);
        const bytes = Buffer.concat([Buffer.from(text), more]);
        const length = bytes.length - more.length;
        expect(parseStrictJson(bytes, length)).toEqual(JSON.parse(text));
        expect(() => parseStrictJson(bytes, length - 1)).toThrow();
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });

  it('quotes nothing of what is not JSON', () => {
    const wrong = Buffer.from('{"password":hunter2-of-mine}');
    let thrown: unknown;
    try {
      parseStrictJson(wrong);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Error);
    expect(inspect(thrown)).not.toContain('hunter');
  });

  it.each([
    ['a byte that begins nothing', [0xff]],
    ['a character that is cut short', [0xc3]],
    ['an overlong spelling', [0xc0, 0xaf]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
  ])('is refused with %s, wherever it is', (_what, wrong) => {
    const whole = Buffer.from('{"a":"\\n b","c":[1]}');
    for (let at = 0; at <= whole.length; at += 1) {
      const bytes = Buffer.concat([whole.subarray(0, at), Buffer.from(wrong), whole.subarray(at)]);
      expect(() => parseStrictJson(bytes)).toThrow();
    }
  });
});

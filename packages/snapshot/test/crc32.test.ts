import { crc32 as crc32OfZlib } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32, crc32InScript } from '../src/crc32.ts';

test('the checksum is that of zlib, with Node and without', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const expected = crc32OfZlib(bytes);
      expect(crc32InScript(bytes)).toBe(expected);
      const around = Uint8Array.of(1, ...bytes, 2);
      expect(crc32(new DataView(around.buffer), 1, around.length - 1)).toBe(expected);
    }),
  );
});

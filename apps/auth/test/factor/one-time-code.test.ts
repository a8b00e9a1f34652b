/** One-time codes against the tables of their RFCs, and the base32 that their secrets are written in. */
import { describe, expect, it } from 'vitest';
import { decodeBase32, encodeBase32 } from '../../src/factor/base32.ts';
import { codeAt, matchingSteps, stepAt, type CodeForm } from '../../src/factor/one-time-code.ts';
import { totpSecretOf, totpUri } from '../../src/factor/totp-secret.ts';

const SECRET = Buffer.from('12345678901234567890');
const repeated = (length: number) => Buffer.from('1234567890'.repeat(7).slice(0, length));

describe('RFC 4226, appendix D', () => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
  it.each(codes.map((code, count) => [count, code] as const))('count %i: %s', (count, code) => {
    expect(codeAt(SECRET, count)).toBe(code);
  });
});

describe('RFC 6238, appendix B', () => {
  // The keys are as long as the hashes: erratum 2866.
  const keys = { sha1: SECRET, sha256: repeated(32), sha512: repeated(64) };
  const table: [seconds: number, hash: CodeForm['hash'], code: string][] = [
    [59, 'sha1', '94287082'],
    [59, 'sha256', '46119246'],
    [59, 'sha512', '90693936'],
    [1111111109, 'sha1', '07081804'],
    [1111111109, 'sha256', '68084774'],
    [1111111109, 'sha512', '25091201'],
    [1111111111, 'sha1', '14050471'],
    [1111111111, 'sha256', '67062674'],
    [1111111111, 'sha512', '99943326'],
    [1234567890, 'sha1', '89005924'],
    [1234567890, 'sha256', '91819424'],
    [1234567890, 'sha512', '93441116'],
    [2000000000, 'sha1', '69279037'],
    [2000000000, 'sha256', '90698825'],
    [2000000000, 'sha512', '38618901'],
    [20000000000, 'sha1', '65353130'],
    [20000000000, 'sha256', '77737706'],
    [20000000000, 'sha512', '47863826'],
  ];
  it.each(table)('%i s, %s: %s', (seconds, hash, code) => {
    expect(codeAt(keys[hash], stepAt(seconds), { digits: 8, hash })).toBe(code);
  });
});

describe('a code by the time', () => {
  it('is right one step to either side, and no further', () => {
    const present = 41_152_263;
    const around = [-2, -1, 0, 1, 2].map((aside) => codeAt(SECRET, present + aside));
    const steps = around.map((code) => matchingSteps(SECRET, code, present));
    expect(steps).toEqual([[], [present - 1], [present], [present + 1], []]);
  });

  it('is six digits and nothing else', () => {
    const code = codeAt(SECRET, 7);
    for (const other of ['', `${code}0`, code.slice(1), ` ${code}`, '٠١٢٣٤٥', 'x'.repeat(8_192)]) {
      expect(matchingSteps(SECRET, other, 7)).toEqual([]);
    }
  });
});

describe('base32', () => {
  it.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('RFC 4648 section 10: %j is %s', (plain, text) => {
    expect(encodeBase32(Buffer.from(plain))).toBe(text);
    expect(decodeBase32(text)?.toString()).toBe(plain);
  });

  it('takes what people type, and refuses what is none', () => {
    expect(decodeBase32('mzxw 6ytb-oi======')?.toString()).toBe('foobar');
    for (const text of ['MZXW1', 'MZXW6YTBO', 'MZ', 'M=Y', 'é'])
      expect(decodeBase32(text)).toBeNull();
  });
});

describe('a secret of another system', () => {
  it.each([
    [72, null],
    [80, 10],
    [160, 20],
    [512, 64],
    [520, null],
  ])('of %i bits', (bits, bytes) => {
    const text = encodeBase32(Buffer.alloc(bits / 8, 5));
    expect(totpSecretOf(text)?.length ?? null).toBe(bytes);
  });

  it('stands in an address as apps read it', () => {
    const uri = totpUri(SECRET, 'auth.example.test', 'ada+x@example.test');
    expect(uri).toBe(
      'otpauth://totp/auth.example.test:ada%2Bx%40example.test?' +
        'secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=auth.example.test&algorithm=SHA1&digits=6&period=30',
    );
  });
});

/** The residues that give RSA keys of CVE-2017-15361 away. The keys themselves: `apps/auth/test/field`. */
import fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { fetchKeySet } from '../src/keys/fetch-key-set.ts';
import { isRocaModulus, rocaProblem } from '../src/jws/roca.ts';

const PRIMES = Array.from({ length: 166 }, (_, i) => i + 2).filter((n) =>
  Array.from({ length: n - 2 }, (_, i) => i + 2).every((divisor) => n % divisor !== 0),
);
const M = PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);

function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}

function powerOfGenerator(exponent: number): bigint {
  let power = 1n;
  for (let at = 0; at < exponent; at += 1) power = (power * 65_537n) % M;
  return power;
}

const wide = fc.bigInt(2n ** 1_830n, 2n ** 1_831n);

it('every number of the form k·M + (65537^a mod M) is of the kind', () => {
  fc.assert(
    fc.property(wide, fc.nat(500), (k, a) => {
      expect(isRocaModulus(base64url(k * M + powerOfGenerator(a)))).toBe(true);
    }),
  );
});

it('one residue outside the powers of 65537 is enough for another kind', () => {
  for (const [prime, residue] of [
    [11n, 2n],
    [37n, 3n],
    [157n, 2n],
  ] as const) {
    const power = powerOfGenerator(7);
    // Changes the residue modulo this one prime, and no other.
    const step = M / prime;
    let n = 2n ** 1_830n * M + power;
    while (n % prime !== residue) n += step;
    expect(isRocaModulus(base64url(n)), String(prime)).toBe(false);
  }
});

it('keys as OpenSSL makes them are of another kind', () => {
  for (let at = 0; at < 3; at += 1) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    expect(rocaProblem({ ...publicKey.export({ format: 'jwk' }) })).toBeUndefined();
  }
});

it('a set whose only key is of the kind is refused, with its name and without its modulus', async () => {
  const kid = 'key_01jd3w4q5sezqa8q8z8q8z8q8z';
  const n = base64url(2n ** 1_830n * M + powerOfGenerator(11));
  const body = JSON.stringify({ keys: [{ kty: 'RSA', kid, n, e: 'AQAB' }] });
  const failed = await fetchKeySet('http://127.0.0.1/', async () => new Response(body)).catch(
    (error: unknown) => String(error),
  );
  expect(failed).toContain(`${kid}: anyone can compute its private half`);
  expect(failed).toContain('replace it');
  expect(failed).not.toContain(n.slice(0, 20));
});

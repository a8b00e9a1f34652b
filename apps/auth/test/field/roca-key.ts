/** RSA keys as the library of CVE-2017-15361 made them: each prime is k·M + (65537^a mod M). */
import {
  checkPrimeSync,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

const E = 65_537n;
/** So many primes make up M where the modulus has 1,984 to 3,936 bits. */
const PRIMES = firstPrimes(126);
const M = PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);

/** Multiples of M with 1,024 bits, the two highest of which are set: so the modulus has 2,048. */
const LEAST = (3n << 1_022n) / M + 1n;
const MOST = (1n << 1_024n) / M - 1n;

export interface RocaKey {
  readonly privateKey: KeyObject;
  readonly publicJwk: JsonWebKey;
}

/** A pair of 2,048 bits, of real primes: what it signs holds. */
export function createRocaKey(): RocaKey {
  for (;;) {
    const [p, q] = [rocaPrime(), rocaPrime()];
    const n = p * q;
    if (p === q) continue;
    const d = inverse(E, (p - 1n) * (q - 1n));
    const members = { n, e: E, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
    const jwk = Object.fromEntries(
      Object.entries(members).map(([name, value]) => [name, base64url(value)]),
    );
    const privateKey = createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' });
    return { privateKey, publicJwk: createPublicKey(privateKey).export({ format: 'jwk' }) };
  }
}

function rocaPrime(): bigint {
  for (;;) {
    const k = LEAST + (random(16) % (MOST - LEAST));
    const prime = k * M + power(E, random(8), M);
    if ((prime - 1n) % E !== 0n && checkPrimeSync(prime)) return prime;
  }
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let next = 2; primes.length < count; next += 1) {
    if (primes.every((prime) => next % prime !== 0)) primes.push(next);
  }
  return primes;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [r, nextR, s, nextS] = [modulus, value % modulus, 0n, 1n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [s, nextS] = [nextS, s - quotient * nextS];
  }
  return ((s % modulus) + modulus) % modulus;
}

function random(bytes: number): bigint {
  return BigInt(`0x${randomBytes(bytes).toString('hex')}`);
}

function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

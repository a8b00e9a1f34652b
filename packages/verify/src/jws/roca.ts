/**
 * RSA keys of the ROCA kind (CVE-2017-15361), from whose public half the private one can be computed.
 * The library in those cards and modules made its primes as k·M + (65537^a mod M), M the product of the
 * first small primes; so the modulus is a power of 65537 modulo each of these.
 *
 * The primes are those up to 167, which every M has, where the powers of 65537 are not all residues.
 * A modulus of another origin fits all of them once in 2^27.8, some 240 million.
 *
 * M. Nemec et al., "The Return of Coppersmith's Attack", ACM CCS 2017, section 3.
 */
const GENERATOR = 65_537;
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
const PRODUCT = PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);
const POWERS = PRIMES.map((prime) => ({ prime: BigInt(prime), powers: powersModulo(prime) }));

function powersModulo(prime: number): ReadonlySet<bigint> {
  const powers = new Set<bigint>();
  for (let power = 1; !powers.has(BigInt(power)); power = (power * GENERATOR) % prime) {
    powers.add(BigInt(power));
  }
  return powers;
}

/** @param n the modulus as in a JWK (RFC 7518 section 6.3.1.1) */
export function isRocaModulus(n: string): boolean {
  const residue = BigInt(`0x0${Buffer.from(n, 'base64url').toString('hex')}`) % PRODUCT;
  return POWERS.every(({ prime, powers }) => powers.has(residue % prime));
}

/** @returns what is wrong with a key of this kind, and what to do; it does not quote the key */
export function rocaProblem({ kty, n }: Record<string, unknown>): string | undefined {
  if (kty !== 'RSA' || typeof n !== 'string' || !isRocaModulus(n)) return undefined;
  return 'anyone can compute its private half (CVE-2017-15361, ROCA); replace it with a key made by another program or device';
}

/** ES256 is verified in DER; nothing is judged in another way than as R and S by Node itself. */
import fc from 'fast-check';
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import { derOfEs256, signatureHolds } from '../src/index.ts';

/** The order of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const MOST = 2n ** 256n - 1n;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = createPublicKey(pair.publicKey.export({ format: 'pem', type: 'spki' }));

const octets = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const signatureOf = (text: string): Buffer =>
  sign('sha256', Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

function holds(signed: string, signature: Uint8Array): boolean {
  return signatureHolds({ alg: 'ES256', signed, signature }, { alg: 'ES256', key });
}

function holdsByNode(signed: string, signature: Uint8Array): boolean {
  return verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

it('what was signed holds, also where R or S is short or begins with a high bit', () => {
  const seen = new Set<number>();
  for (let at = 0; at < 600; at += 1) {
    const text = `message ${at}`;
    const signature = signatureOf(text);
    seen.add(derOfEs256(signature).length);
    expect(holds(text, signature)).toBe(true);
    expect(holds(`${text}!`, signature)).toBe(false);
  }
  // 70 to 72 octets: none, one and two of them with a high bit.
  expect([...seen]).toEqual(expect.arrayContaining([70, 71, 72]));
});

it('a signature that was changed, or made up, is judged as by Node', () => {
  const whole = fc.uint8Array({ minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(whole, fc.nat(63), fc.nat(255), fc.nat(64), (random, at, byte, zeros) => {
      const signature = signatureOf('text');
      signature[at] = byte;
      expect(holds('text', signature)).toBe(holdsByNode('text', signature));
      random.fill(0, 0, zeros);
      expect(holds('text', random)).toBe(holdsByNode('text', random));
    }),
    { numRuns: 300 },
  );
});

it('R and S at and beyond their bounds are refused, as by Node', () => {
  const good = signatureOf('text');
  const [r, s] = [numberOf(good.subarray(0, 32)), numberOf(good.subarray(32))];
  const edges = [0n, 1n, 127n, 128n, 255n, 256n, ORDER - 1n, ORDER, ORDER + 1n, MOST, 2n ** 255n];
  // Beyond 256 bits r + ORDER has no place; where it has, it is no other spelling of r.
  edges.push(...[r + ORDER, s + ORDER].filter((value) => value <= MOST));
  const all = [...edges.map((edge) => [edge, s]), ...edges.map((edge) => [r, edge])];
  for (const one of edges) for (const other of edges) all.push([one, other]);
  for (const [one = 0n, other = 0n] of all) {
    const signature = Buffer.concat([octets(one), octets(other)]);
    expect(holdsByNode('text', signature), `${one} ${other}`).toBe(false);
    expect(holds('text', signature), `${one} ${other}`).toBe(false);
  }
  // The other square root: the same point mirrored, which ECDSA takes, here as by Node.
  const mirrored = Buffer.concat([octets(r), octets(ORDER - s)]);
  expect(holds('text', mirrored)).toBe(holdsByNode('text', mirrored));
});

it('other lengths and DER itself are no signatures', () => {
  const good = signatureOf('text');
  for (const signature of [
    derOfEs256(good),
    good.subarray(0, 63),
    Buffer.concat([good, Buffer.alloc(1)]),
    Buffer.concat([Buffer.alloc(1), good]),
    Buffer.alloc(0),
  ]) {
    expect(holds('text', signature)).toBe(false);
  }
});

it('no two signatures have the same DER form, and each has the shortest', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, MOST), fc.bigInt(0n, MOST), fc.nat(256), (r, wide, shift) => {
      const s = wide >> BigInt(shift);
      const der = derOfEs256(Buffer.concat([octets(r), octets(s)]));
      expect([der[0], der[1]]).toEqual([0x30, der.length - 2]);
      expect(integersOf(der)).toEqual([r, s]);
    }),
  );
});

/** Reads INTEGERs strictly. */
function integersOf(der: Uint8Array): bigint[] {
  const values: bigint[] = [];
  for (let at = 2; at < der.length;) {
    const length = der[at + 1] ?? 0;
    const content = der.subarray(at + 2, at + 2 + length);
    const [first = 0, second = 0] = content;
    expect(der[at]).toBe(2);
    expect(first).toBeLessThan(0x80);
    if (length > 1 && first === 0) expect(second).toBeGreaterThanOrEqual(0x80);
    values.push(numberOf(content));
    at += 2 + length;
  }
  return values;
}

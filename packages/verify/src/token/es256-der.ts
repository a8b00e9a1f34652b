/**
 * An ES256 signature in the form that OpenSSL takes by itself: from R and S, 32 octets each (RFC 7518
 * section 3.4), to SEQUENCE { INTEGER r, INTEGER s } in DER (X.690 sections 8.3, 10 and 11; RFC 3279
 * section 2.2.3). Node does the same by `dsaEncoding: 'ieee-p1363'`, which with OpenSSL 3.5.8 (Node
 * 24.21) made a verification cost 1.4 times as much.
 *
 * Each signature has one DER form, and no two have the same: what is judged is what came. Integers are
 * positive and as short as can be; whether they are between 1 and the order is for OpenSSL to judge.
 */
const HALF = 32;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** Of a byte: in front it would make the integer negative. */
const SIGN = 0x80;

/** @param signature of 64 octets, which the caller has checked */
export function derOfEs256(signature: Uint8Array): Uint8Array {
  const der = Buffer.allocUnsafe(2 + 2 * (2 + 1 + HALF));
  const end = writeInteger(der, writeInteger(der, 2, signature, 0), signature, HALF);
  der[0] = SEQUENCE;
  der[1] = end - 2;
  return der.subarray(0, end);
}

/** @returns where it ends */
function writeInteger(der: Uint8Array, at: number, source: Uint8Array, start: number): number {
  const end = start + HALF;
  let from = start;
  while (from < end - 1 && source[from] === 0) from += 1;
  const isSigned = (source[from] ?? 0) >= SIGN;
  let to = at + 2;
  if (isSigned) der[to++] = 0;
  der[at] = INTEGER;
  der[at + 1] = end - from + (isSigned ? 1 : 0);
  while (from < end) der[to++] = source[from++] ?? 0;
  return to;
}

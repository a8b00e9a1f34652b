/**
 * An ES256 signature in the form that OpenSSL takes by itself: from R and S, 32 octets each (RFC 7518
 * section 3.4), to SEQUENCE { INTEGER r, INTEGER s } in DER (X.690 sections 8.3, 10 and 11; RFC 3279
 * section 2.2.3). Node does the same by `dsaEncoding: 'ieee-p1363'`, which with OpenSSL 3.5.8 (Node
 * 24.21) made a verification cost 1.4 times as much.
 *
 * Each signature has one DER form, and no two have the same: what is checked is what came. Integers are
 * positive and as short as can be; whether they are between 1 and the order is for OpenSSL to check.
 */
const HALF = 32;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** The sign bit of a byte: in front it would make the integer negative. */
const SIGN = 0x80;

const MOST = 2 + 2 * (2 + 1 + HALF);

/** Holds the form until it is checked, in the same turn: each token would leave garbage. */
const der = Buffer.allocUnsafeSlow(MOST);
der[0] = SEQUENCE;
/** Its beginnings, by their length: a view costs more than what it shows. */
const beginnings = Array.from({ length: MOST + 1 }, (_, length) => der.subarray(0, length));

/**
 * @param signature of 64 octets, which the caller has checked
 * @returns bytes that stand until the next call
 */
export function derOfEs256(signature: Uint8Array): Uint8Array {
  const end = writeInteger(writeInteger(2, signature, 0), signature, HALF);
  der[1] = end - 2;
  return beginnings[end] ?? der;
}

/** @returns where it ends */
function writeInteger(at: number, source: Uint8Array, start: number): number {
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

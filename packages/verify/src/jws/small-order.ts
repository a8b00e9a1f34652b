/**
 * Points of Ed25519 whose order is at most eight. As a public key each accepts signatures that
 * no key made: with the neutral element for a key, R = 1 and S = 0 fit every message. OpenSSL takes
 * them for keys like any other (RFC 8032 section 5.1.7 does not forbid it).
 */
const LENGTH = 32;
/** The sign of x, which distinguishes a point from its negative of the same order. */
const SIGN = 0x80;

/** The y of each, little-endian, with the spellings that are not reduced modulo 2^255 - 19. */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  '00'.repeat(LENGTH),
  `01${'00'.repeat(LENGTH - 1)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(LENGTH - 2)}7f`,
  `ed${'ff'.repeat(LENGTH - 2)}7f`,
  `ee${'ff'.repeat(LENGTH - 2)}7f`,
]);

/** @param publicKey 32 bytes, as in a JWK (RFC 8037 section 2) */
export function isSmallOrder(publicKey: Uint8Array): boolean {
  const y = Buffer.from(publicKey);
  y[LENGTH - 1] = (y[LENGTH - 1] ?? 0) & ~SIGN;
  return SMALL_ORDER_Y.has(y.toString('hex'));
}

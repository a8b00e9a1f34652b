/** RFC 7638: the name of a public key, which every spelling of it gives alike. */
import { createHash, type KeyObject } from 'node:crypto';

/** @returns base64url of the SHA-256 of the required members, in their order (section 3) */
export function thumbprintOf(key: KeyObject): string {
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' });
  const members =
    kty === 'EC' ? { crv, kty, x, y } : kty === 'RSA' ? { e, kty, n } : { crv, kty, x };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** One key, one algorithm: what the token says its algorithm is decides nothing (RFC 8725 section 3.1). */
import { verify, type KeyObject } from 'node:crypto';
import type { Algorithm, ParsedToken } from './parse.ts';

export interface VerificationKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly key: KeyObject;
}

const ES256_SIGNATURE_LENGTH = 64;
const ED25519_SIGNATURE_LENGTH = 64;

/** Whether the key made the signature. Synchronous: nothing can come between it and the next check. */
export function signatureHolds(token: ParsedToken, { alg, key }: VerificationKey): boolean {
  if (token.alg !== alg) return false;
  const { signature } = token;
  const signed = Buffer.from(token.signed, 'latin1');
  switch (alg) {
    case 'ES256':
      // RFC 7518 section 3.4: R and S, 32 octets each; DER is not a JWS signature.
      if (signature.length !== ES256_SIGNATURE_LENGTH) return false;
      return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
    case 'RS256':
      return verify('sha256', signed, key, signature);
    case 'EdDSA':
      if (signature.length !== ED25519_SIGNATURE_LENGTH) return false;
      return verify(null, signed, key, signature);
  }
}

/**
 * Signs with the issuer's keys: a JWS in its compact form (RFC 7515 section 7.1).
 *
 * Invariant: a signer makes one type of token, so that none is ever taken for another (RFC 8725
 * section 3.11).
 */
import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { ACCESS_DOCUMENT_TYPE, KeyId, KEY_VOUCH_TYPE } from '@portcullis/contracts';
import type { SigningAlgorithm } from './signing-key.ts';

/** Signs claims, as JSON. Not to be given anything that JSON cannot hold. */
export type SignToken = (claims: object) => Promise<string>;

/** An access token (RFC 9068), a vouch for another key (`vouches.ts`), or what roles carry (`signed-access.ts`). */
export type SignedType = 'at+jwt' | typeof KEY_VOUCH_TYPE | typeof ACCESS_DOCUMENT_TYPE;

const signElsewhere = promisify(sign);

export function signerWith(
  kid: KeyId,
  alg: SigningAlgorithm,
  key: KeyObject,
  typ: SignedType,
): SignToken {
  const header = `${encode({ alg, typ, kid })}.`;
  return async (claims) => {
    const signed = header + encode(claims);
    const signature = await signatureOf(Buffer.from(signed, 'latin1'), alg, key);
    return `${signed}.${signature.toString('base64url')}`;
  };
}

async function signatureOf(signed: Buffer, alg: SigningAlgorithm, key: KeyObject): Promise<Buffer> {
  switch (alg) {
    // These take less than it takes to wake another thread.
    case 'ES256':
      // RFC 7518 section 3.4: R and S, 32 octets each.
      return sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' });
    case 'EdDSA':
      return sign(null, signed, key);
    // Takes milliseconds, for which all other requests would wait.
    case 'RS256':
      return await signElsewhere('sha256', signed, key);
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

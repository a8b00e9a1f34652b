/** How long the token of a user can be at most, by the configuration: verifiers remember none that are longer. */
import { FIRST_PARTY_CLIENT, MAX_ROLES, newId } from '@portcullis/contracts';
import type { SigningAlgorithm } from '../keys/signing-key.ts';
import { claimsOfUser, stamped } from './mint.ts';

/** Characters. */
export const MAX_ISSUED_TOKEN = 2_048;

const LONGEST_ROLE = 32;
const GREATEST_GENERATION = 2_147_483_647;
const LATE = 9_999_999_999;
const THUMBPRINT_LENGTH = 43;
/** In base64url. */
const SIGNATURE_LENGTH: Readonly<Record<SigningAlgorithm, number>> = {
  ES256: 86,
  EdDSA: 86,
  RS256: 512,
};

export interface TokenSettings {
  issuer: string;
  /** All that a token may be for. */
  audiences: readonly string[];
  algorithm: SigningAlgorithm;
  /** What tokens may say of a login: of each way to log in that there is. */
  logins: readonly { amr: readonly string[]; acr?: string | undefined }[];
}

/** @returns the length in characters, with `MAX_ROLES` roles of the longest names that there can be */
export function longestUserToken({ issuer, audiences, algorithm, logins }: TokenSettings): number {
  const lengths = logins.map(({ amr, acr }) => {
    const user = {
      id: newId('usr'),
      generation: GREATEST_GENERATION,
      clientSubjectGeneration: GREATEST_GENERATION,
      roles: Array.from({ length: MAX_ROLES }, () => 'r'.repeat(LONGEST_ROLE)),
      session: newId('ses'),
      client: FIRST_PARTY_CLIENT,
      authTime: LATE,
      amr: [...amr],
      acr,
      sessionExpiresAt: LATE,
      jkt: 'k'.repeat(THUMBPRINT_LENGTH),
    };
    const facts = {
      now: Date.now() / 1_000,
      clientGeneration: GREATEST_GENERATION,
      issuerGeneration: GREATEST_GENERATION,
    };
    const stamp = { issuer, iat: LATE, exp: LATE, jkt: user.jkt };
    return encodedLength(stamped(claimsOfUser(user, audiences), facts, stamp));
  });
  const header = encodedLength({ alg: algorithm, typ: 'at+jwt', kid: newId('key') });
  return header + Math.max(...lengths) + SIGNATURE_LENGTH[algorithm] + 2;
}

function encodedLength(value: object): number {
  return Buffer.from(JSON.stringify(value)).toString('base64url').length;
}

import type { KeyObject } from 'node:crypto';

export type Algorithm = 'ES256' | 'RS256' | 'EdDSA';

/** A key of the issuer, with the one algorithm that it is for. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly key: KeyObject;
}

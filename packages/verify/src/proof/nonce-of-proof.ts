import { parseJws } from '../jws/jws.ts';

/** Characters that a DPoP proof may have. */
export const MAX_PROOF_LENGTH = 4_096;

/** The nonce of a proof, which need not hold. @returns undefined where there is none */
export function nonceOfProof(text: string): string | undefined {
  try {
    const { nonce } = parseJws(text, MAX_PROOF_LENGTH).payload;
    return typeof nonce === 'string' ? nonce : undefined;
  } catch {
    return undefined;
  }
}

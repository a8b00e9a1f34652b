/**
 * Whether a DPoP proof was made by the key that it names, by jose: in a thread of Node's own, while other
 * requests go on. Verifiers check the same at once, since nothing may come between it and the ledger.
 *
 * jose is asked about the signature and nothing else. It would take members that are given twice, spellings
 * that are not canonical and keys that prove nothing, and would refuse proofs with an `exp` that is none
 * of theirs: what a proof has to be is read before, by the reader that all verifiers share.
 */
import { Refusal } from '@portcullis/contracts';
import { calculateJwkThumbprint, compactVerify, errors } from 'jose';
import type { ParsedDpopProof } from '@portcullis/verify/proof';

/** Ed25519 has two names (RFC 9864 section 2.2). */
const NAMES = { ES256: ['ES256'], EdDSA: ['EdDSA', 'Ed25519'] };

/**
 * @param text that was parsed
 * @returns the thumbprint of the key that made it (RFC 7638)
 * @throws Refusal `invalid_dpop_proof`
 */
export async function demandSignature(text: string, { key }: ParsedDpopProof): Promise<string> {
  try {
    await compactVerify(text, key.key, { algorithms: NAMES[key.alg] });
  } catch (cause) {
    // Anything else is a fault of ours, and says nothing about the proof.
    if (cause instanceof errors.JOSEError) throw new Refusal('invalid_dpop_proof', { cause });
    throw cause;
  }
  return await calculateJwkThumbprint(key.key);
}

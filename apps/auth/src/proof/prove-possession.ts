/**
 * The DPoP proof of a request for tokens (RFC 9449 section 5): by which key the tokens are to be
 * bound. It needs a nonce of ours, and is good once, over all instances.
 */
import { Refusal } from '@portcullis/contracts';
import type { ProvePossession } from '@portcullis/service';
import { parseDpopProof } from '@portcullis/verify/proof';
import { demandNonce, NONCE_LIFE_S, possessionOf, type DpopNonces } from '@portcullis/verify/guard';
import { demandSignature } from './demand-signature.ts';
import type { ReplayStore } from './replay-store.ts';

export interface ProvePossessionDependencies {
  nonces: DpopNonces;
  useOnce: ReplayStore;
  /** Where clients reach this server, without a slash at the end. */
  publicUrls: readonly string[];
  /** Seconds since the epoch. */
  now: () => number;
}

export function createProvePossession(dependencies: ProvePossessionDependencies): ProvePossession {
  const { nonces, useOnce, publicUrls, now } = dependencies;

  return async (request, reply) => {
    const { proofs, method, urls } = possessionOf(request.raw, publicUrls);
    if (proofs.length === 0) return undefined;
    const [text] = proofs;
    if (text === undefined || proofs.length !== 1) throw refusal(new Error('more than one proof'));
    // The nonce bounds its age better than a clock that is the client's (section 4.3, check 11).
    const bounds = { maxAge: NONCE_LIFE_S, maxAhead: NONCE_LIFE_S };
    const parsed = refusing(() => parseDpopProof(text, { method, urls, now: now(), ...bounds }));
    const { jti, nonce } = parsed.claims;
    const maker = await demandSignature(text, parsed);
    const { goodUntil, needsRenewal } = demandNonce(nonces, nonce);
    // Sent with whatever is answered (section 8.2).
    if (needsRenewal) void reply.header('dpop-nonce', nonces.issue());
    const isFirst = await useOnce({ use: 'dpop', maker, jti, refusedFrom: goodUntil });
    if (!isFirst) throw refusal(new Error('used before'));
    return maker;
  };
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw refusal(cause);
  }
}

function refusal(cause: unknown): Refusal {
  return new Refusal('invalid_dpop_proof', { cause });
}

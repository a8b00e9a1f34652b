/**
 * Bound tokens (RFC 9449 section 7): a token that names a key is good only together with a proof that
 * its presenter holds that key.
 *
 * Invariants: a bound token is never taken without a proof, nor an unbound one with the `DPoP` scheme;
 * a proof is good for one request of this process. Ids of proofs are kept for as long as a proof with
 * them could be good, and no longer: memory is bounded, and over the bound requests are refused.
 */
import { createHash } from 'node:crypto';
import { Refusal, type AccessTokenClaims } from '@portcullis/contracts';
import { boundKeyOf } from './binding.ts';
import { readDpopProof } from './dpop-proof.ts';

/** How a request under the `DPoP` scheme shows that its sender holds the token's key. */
export interface Possession {
  /** The values of its `DPoP` headers; good is one. */
  proofs: readonly string[];
  method: string;
  /**
   * The names that the request's address has, from configuration and never from the Host header: a
   * proof for another service must not become one for this one.
   */
  urls: readonly string[];
  /**
   * What stands for the request, where several of these are made of one: each is checked by its own addresses,
   * and the proof is used once. The possession itself unless given.
   */
  request?: object | undefined;
}

/** Seconds for which a proof is good. */
const MAX_AGE_S = 60;
/** Seconds after which no proof with an id that was seen can still be good: age, and clocks ahead. */
const REMEMBERED_S = MAX_AGE_S + 10 + 1;
/** Proofs that are remembered, in each of two halves. */
const MAX_SEEN = 200_000;

export class PossessionGuard {
  readonly #issuerNow: () => number;
  readonly #maxSeen: number;
  #seen = new Set<string>();
  #seenBefore = new Set<string>();
  #turnedAt = Number.NEGATIVE_INFINITY;
  /** A request that makes several calls proves it once, for this token. */
  readonly #proven = new WeakMap<Possession, string>();
  /** The id of the proof that a request has used. */
  readonly #used = new WeakMap<object, string>();

  /**
   * @param issuerNow milliseconds since the epoch
   * @param maxSeen proofs that are remembered, in each of two halves; 200,000 unless given
   */
  constructor(issuerNow: () => number, maxSeen: number = MAX_SEEN) {
    this.#issuerNow = issuerNow;
    this.#maxSeen = maxSeen;
  }

  /**
   * @param possession what the `DPoP` scheme came with; undefined for a bearer
   * @throws Refusal `invalid_token`; `invalid_dpop_proof`; `overloaded`; `verifier_stale`
   */
  check(
    token: string,
    claims: Pick<AccessTokenClaims, 'cnf'>,
    possession: Possession | undefined,
  ): void {
    const jkt = boundKeyOf(claims, possession);
    if (jkt === undefined || possession === undefined) return;
    if (this.#proven.get(possession) === token) return;
    this.#check(token, jkt, possession);
    this.#proven.set(possession, token);
  }

  #check(token: string, jkt: string, possession: Possession): void {
    const { proofs, method, urls, request = possession } = possession;
    const now = this.#issuerNow() / 1_000;
    // No age can be checked before the first answer from the issuer.
    if (!Number.isFinite(now)) {
      throw new Refusal('verifier_stale', { retryAfter: 1, reason: 'not_ready' });
    }
    const [text] = proofs;
    let proof;
    try {
      if (text === undefined || proofs.length !== 1) throw new Error('not one proof');
      proof = readDpopProof(text, { method, urls, accessToken: token, now, maxAge: MAX_AGE_S });
      if (proof.jkt !== jkt) throw new Error('by another key than the token names');
    } catch (cause) {
      throw new Refusal('invalid_dpop_proof', { cause, reason: 'proof_refused' });
    }
    const id = `${jkt} ${proof.jti}`;
    if (this.#used.get(request) === id) return;
    if (!this.#isFirst(id, now)) {
      const cause = new Error('used before');
      throw new Refusal('invalid_dpop_proof', { cause, reason: 'proof_used' });
    }
    this.#used.set(request, id);
  }

  #isFirst(id: string, now: number): boolean {
    const elapsed = now - this.#turnedAt;
    if (elapsed >= REMEMBERED_S) {
      this.#seenBefore = elapsed >= 2 * REMEMBERED_S ? new Set() : this.#seen;
      this.#seen = new Set();
      this.#turnedAt = now;
    }
    const name = createHash('sha256').update(id).digest('base64url');
    if (this.#seen.has(name) || this.#seenBefore.has(name)) return false;
    if (this.#seen.size >= this.#maxSeen) {
      throw new Refusal('overloaded', { retryAfter: 1, reason: 'proofs_full' });
    }
    this.#seen.add(name);
    return true;
  }
}

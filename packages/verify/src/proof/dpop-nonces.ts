/**
 * Nonces for DPoP proofs (RFC 9449 section 8): each says when it was made, and is an HMAC of that, so
 * that any instance can check the nonce of any other, and none has to keep one. They bound the age of
 * a proof by clocks of ours. Where tokens are issued, `iat` may be as far off as a nonce lives; a verifier
 * holds it to 60 s beside the nonce, which is for how long it remembers proofs.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { demandFunctionIfGiven, demandOption, Refusal } from '@portcullis/contracts';

/** Seconds for which a nonce is good. */
export const NONCE_LIFE_S = 300;
/** Seconds after which a client is given the next one, so that it is not refused for an old one. */
const RENEWED_AFTER_S = 120;
/** Seconds by which the clocks of two instances may differ. */
const SKEW_S = 30;

const LEAST_SECRET_BYTES = 32;
const TAG_BYTES = 16;
const FORM = /^([0-9a-z]{1,9})\.([A-Za-z0-9_-]{22})$/;

export interface DpopNonces {
  /** For the header `DPoP-Nonce`. */
  issue(): string;
  /** @returns null for one that is no longer good, or never was */
  read(nonce: string): NonceState | null;
}

export interface NonceState {
  /** Whether the client should be given the next one with the answer. */
  needsRenewal: boolean;
  /** Seconds since the epoch. */
  goodUntil: number;
}

/**
 * @param nonce of a proof that holds; undefined for one without
 * @throws Refusal `use_dpop_nonce`, with one that is good
 */
export function demandNonce(nonces: DpopNonces, nonce: string | undefined): NonceState {
  const state = nonce === undefined ? null : nonces.read(nonce);
  if (state === null) {
    throw new Refusal('use_dpop_nonce', { dpopNonce: nonces.issue(), reason: 'nonce_wanted' });
  }
  return state;
}

/**
 * @param secret that all instances share, 32 bytes or more
 * @param now seconds since the epoch; by the clock of this machine unless given
 * @throws TypeError for a secret that is too short
 */
export function createDpopNonces(
  secret: Uint8Array,
  now: () => number = () => Date.now() / 1_000,
): DpopNonces {
  const isLong = secret instanceof Uint8Array && secret.length >= LEAST_SECRET_BYTES;
  demandOption(isLong, 'createDpopNonces', 'its secret', 'of 32 bytes or more');
  demandFunctionIfGiven(now, 'createDpopNonces', 'now');
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'portcullis dpop nonce v1', 32));
  const tagOf = (moment: string) =>
    createHmac('sha256', key).update(moment).digest().subarray(0, TAG_BYTES);

  return {
    issue() {
      const moment = Math.floor(now()).toString(36);
      return `${moment}.${tagOf(moment).toString('base64url')}`;
    },
    read(nonce) {
      const [, moment, tag] = FORM.exec(nonce) ?? [];
      if (moment === undefined || tag === undefined) return null;
      if (!timingSafeEqual(Buffer.from(tag, 'base64url'), tagOf(moment))) return null;
      const age = now() - Number.parseInt(moment, 36);
      if (age >= NONCE_LIFE_S || age < -SKEW_S) return null;
      return { needsRenewal: age >= RENEWED_AFTER_S, goodUntil: now() - age + NONCE_LIFE_S };
    },
  };
}

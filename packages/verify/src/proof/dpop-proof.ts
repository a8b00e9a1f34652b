/**
 * A DPoP proof (RFC 9449 section 4): that the sender of this very request holds a private key. Pure;
 * whether it was used before is another question.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isRecord } from '@portcullis/contracts';
import { readPublicKey, type PublicKey } from '../jws/public-key.ts';
import { isMediaType } from '../jws/media-type.ts';
import { jwsSignatureHolds, parseJws, type Jws } from '../jws/jws.ts';
import { DPOP_ALGORITHMS } from './dpop-algorithms.ts';
import { MAX_PROOF_LENGTH } from './nonce-of-proof.ts';
import { thumbprintOf } from './thumbprint.ts';

/** Seconds by which the sender's clock may be ahead of the issuer's, by default. */
const MAX_AHEAD_S = 10;

export interface ProofExpectations {
  /** The method of the request. */
  method: string;
  /** The names that this request's address has; query and fragment do not count. */
  urls: readonly string[];
  /** The access token that the request carries, if any. */
  accessToken?: string;
  /** Seconds since the epoch. */
  now: number;
  /** Seconds for which a proof is good. */
  maxAge: number;
  /** Seconds by which the sender's clock may be ahead. */
  maxAhead?: number;
}

export interface DpopProof {
  /** Thumbprint of the key (RFC 7638). */
  jkt: string;
  jti: string;
  /** Seconds since the epoch. */
  iat: number;
  nonce: string | undefined;
}

interface ProofKey extends PublicKey {
  readonly alg: 'ES256' | 'EdDSA';
}

/** A proof but for its signature: nothing of it is to be believed before that has been checked. */
export interface ParsedDpopProof {
  jws: Jws;
  /** The key that it names, sound by the same rules as every key here. */
  key: ProofKey;
  claims: Omit<DpopProof, 'jkt'>;
}

/** What it says, beside what is not looked at. */
type ProofClaims = {
  jti: string;
  htm: string;
  htu: string;
  iat: number;
  ath?: string;
  nonce?: string;
};

const FORM: Readonly<Record<keyof ProofClaims, (value: unknown) => boolean>> = {
  jti: (value) => isText(value, 256) && value !== '',
  htm: (value) => isText(value, 32),
  htu: (value) => isText(value, 2_048),
  // A NumericDate need not be whole (RFC 7519 section 2).
  iat: (value) => typeof value === 'number' && value >= 1 && value <= 253_402_300_799,
  ath: (value) => value === undefined || isText(value, 64),
  nonce: (value) => value === undefined || isText(value, 256),
};

/** @throws Error with a private reason; the caller turns it into `invalid_dpop_proof` */
export function readDpopProof(text: string, expected: ProofExpectations): DpopProof {
  const { jws, key, claims } = parseDpopProof(text, expected);
  // Last, since it costs most.
  if (!jwsSignatureHolds(jws, key)) throw new Error('the signature does not hold');
  return { jkt: thumbprintOf(key.key), ...claims };
}

/**
 * All that is demanded of a proof but its signature (RFC 9449 section 4.3), for callers that check that by
 * other means.
 *
 * @throws Error with a private reason; the caller turns it into `invalid_dpop_proof`
 */
export function parseDpopProof(text: string, expected: ProofExpectations): ParsedDpopProof {
  const jws = parseJws(text, MAX_PROOF_LENGTH);
  const { typ, alg, jwk } = jws.header;
  if (!isMediaType(typ, 'dpop+jwt')) throw new Error('not a DPoP proof');
  if (typeof alg !== 'string' || !DPOP_ALGORITHMS.includes(alg)) throw new Error('another alg');
  const key = publicKeyOf(jwk);
  demandClaims(jws.payload);
  const { jti, htm, htu, iat, ath, nonce } = jws.payload;
  if (htm !== expected.method) throw new Error('for another method');
  const address = normalAddress(htu);
  if (!expected.urls.some((url) => normalAddress(url) === address)) {
    throw new Error('for another address');
  }
  if (iat > expected.now + (expected.maxAhead ?? MAX_AHEAD_S))
    throw new Error('issued in the future');
  if (iat <= expected.now - expected.maxAge) throw new Error('too old');
  if (expected.accessToken !== undefined && !isHashOf(ath, expected.accessToken)) {
    throw new Error('for another access token');
  }
  return { jws, key, claims: { jti, iat, nonce } };
}

function publicKeyOf(jwk: unknown): ProofKey {
  // The same demands as on every key; its private half, sent along, would prove nothing (section 4.3).
  const key = isRecord(jwk) ? readPublicKey(jwk) : undefined;
  if (key === undefined || key.alg === 'RS256') throw new Error('no usable key');
  return { alg: key.alg, key: key.key };
}

function demandClaims(payload: Record<string, unknown>): asserts payload is ProofClaims {
  const wrong = Object.entries(FORM).filter(([name, fits]) => !fits(payload[name]));
  const names = wrong.map(([name]) => name);
  if (names.length > 0) throw new Error(`the claims have another form: ${names.join(', ')}`);
}

function isText(value: unknown, most: number): boolean {
  return typeof value === 'string' && value.length <= most;
}

/** RFC 9449 section 4.2: base64url of the SHA-256 of the token. */
function isHashOf(ath: string | undefined, token: string): boolean {
  const hash = createHash('sha256').update(token).digest('base64url');
  return ath?.length === hash.length && timingSafeEqual(Buffer.from(ath), Buffer.from(hash));
}

/**
 * What of an address counts (RFC 9449 section 4.3), in one spelling (RFC 3986 section 6.2).
 *
 * @throws Error for what is no address of the web
 */
function normalAddress(address: string): string {
  const { protocol, origin, pathname, username } = new URL(address);
  if (!/^https?:$/.test(protocol) || username !== '') throw new Error('no address');
  return origin + pathname.replaceAll(/%[0-9a-f]{2}/gi, normalEscape);
}

/** Unreserved characters need no escape (RFC 3986 section 2.3), and the others have capitals. */
function normalEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : escape.toUpperCase();
}

/**
 * The verifier without one of its rules, each of which some library does without. The fuzzer must
 * distinguish every one of them from the verifier as it is.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { readClaims, type Expectations } from '../src/token/claims.ts';
import { REFUSED_PARAMETERS } from '../src/token/parse.ts';
import { signatureHolds } from '../src/jws/signature.ts';
import { MAX_DEPTH, parseStrictJson } from '../src/wire/strict-json.ts';
import { readObject } from './strict-json-grammar.ts';

export const RULES = [
  'canonical-form',
  'one-reading',
  'utf-8',
  'depth',
  'header-parameters',
  'token-type',
  'algorithm-binding',
  'claim-schema',
  'audience',
  'life-cap',
  'expiry',
  'signature',
] as const;
export type Rule = (typeof RULES)[number];

export interface Surroundings {
  expected: Expectations;
  keys: ReadonlyMap<string, { alg: string; key: KeyObject }>;
  /** Seconds since the epoch. */
  now: () => number;
}

const SKEW_SECONDS = 5;

/** @throws Error for what is refused even without the rule */
export function readWithout(rule: Rule, token: string, around: Surroundings): void {
  const [first = '', second = '', third = '', ...more] = token.split('.');
  if (more.length > 0 || token.length > 8_192) throw new Error('form');
  const header = parse(rule, decode(rule, first));
  const payload = parse(rule, decode(rule, second));
  const signature = decode(rule, third);
  const known = around.keys.get(String(header['kid']));
  if (known === undefined) throw new Error('an unknown key');
  if (
    rule !== 'header-parameters' &&
    Object.keys(header).some((name) => REFUSED_PARAMETERS.has(name))
  ) {
    throw new Error('a parameter');
  }
  const typ = String(header['typ']).toLowerCase();
  if (rule !== 'token-type' && typ !== 'at+jwt' && typ !== 'application/at+jwt') {
    throw new Error('another type');
  }
  const signed = `${first}.${second}`;
  const isHmac = rule === 'algorithm-binding' && header['alg'] === 'HS256';
  const holds =
    rule === 'signature' ||
    (isHmac
      ? hmacHolds(known.key, signed, signature)
      : header['alg'] === known.alg && keyHolds(known, signed, signature));
  if (!holds) throw new Error('the signature');
  judgeClaims(rule, payload, around);
}

function decode(rule: Rule, segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (rule !== 'canonical-form' && (segment === '' || bytes.toString('base64url') !== segment)) {
    throw new Error('spelling');
  }
  return bytes;
}

function parse(rule: Rule, bytes: Buffer): Record<string, unknown> {
  if (rule !== 'one-reading' && rule !== 'depth' && rule !== 'utf-8') return parseStrictJson(bytes);
  const decoder = new TextDecoder('utf-8', { fatal: rule !== 'utf-8', ignoreBOM: true });
  const text = decoder.decode(bytes);
  if (rule !== 'one-reading') readObject(text, { depth: rule === 'depth' ? Infinity : MAX_DEPTH });
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('no object');
  return Object.fromEntries(Object.entries(value));
}

function keyHolds(
  known: { alg: string; key: KeyObject },
  signed: string,
  signature: Buffer,
): boolean {
  const { alg } = known;
  if (alg !== 'ES256' && alg !== 'RS256' && alg !== 'EdDSA') return false;
  return signatureHolds({ alg, signed, signature }, { alg, key: known.key });
}

function hmacHolds(key: KeyObject, signed: string, signature: Buffer): boolean {
  const pem = String(key.export({ format: 'pem', type: 'spki' }));
  return createHmac('sha256', pem).update(signed).digest().equals(signature);
}

function judgeClaims(rule: Rule, payload: Record<string, unknown>, around: Surroundings): void {
  const { expected, now } = around;
  const { exp, iat = 0, nbf = 0 } = payload;
  if (rule !== 'claim-schema') {
    const maxTokenLifeSeconds = rule === 'life-cap' ? Infinity : expected.maxTokenLifeSeconds;
    const aud = rule === 'audience' ? expected.audience : payload['aud'];
    readClaims({ ...payload, aud }, { ...expected, maxTokenLifeSeconds });
  } else if (payload['iss'] !== expected.issuer) {
    throw new Error('another issuer');
  }
  if (rule !== 'expiry' && Number(exp) <= now()) throw new Error('expired');
  if (Number(iat) > now() + SKEW_SECONDS || Number(nbf) > now() + SKEW_SECONDS) {
    throw new Error('not yet');
  }
}

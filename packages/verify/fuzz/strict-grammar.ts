/**
 * What an access token of Portcullis is, said a second time and in other words than the verifier says
 * it: no schema, no decoder and no parser is shared. Signatures are checked by node:crypto.
 */
import { verify, type KeyObject } from 'node:crypto';
import { readObject } from './strict-json-grammar.ts';

export interface Rules {
  issuer: string;
  audience: string;
  maxLifeSeconds: number;
  skewSeconds: number;
  keys: ReadonlyMap<string, { alg: string; key: KeyObject }>;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const DIGITS = new Map(ALPHABET.split('').map((character, digit) => [character, digit]));
const MAX_LENGTH = 8_192;
const MAX_DEPTH = 8;
const REGISTERED =
  'jku jwk x5u x5c x5t x5t#S256 trust_chain cty crit b64 enc zip epk apu apv iv tag p2s p2c ' +
  'iss sub aud url nonce ppt svt';

type Members = ReadonlyMap<string, unknown>;

/** From when until before when, in seconds since the epoch. */
export interface Span {
  from: number;
  until: number;
}

/** @returns while when it is in order, revocation apart; undefined when it never is */
export function whenInOrder(token: string, rules: Rules): Span | undefined {
  try {
    const [header, payload, signature, ...more] = token.split('.');
    if (token.length > MAX_LENGTH || more.length > 0 || signature === undefined) return undefined;
    const kid = kidOf(textOf(header ?? ''), rules);
    const key = kid === undefined ? undefined : rules.keys.get(kid);
    if (key === undefined) return undefined;
    const span = spanOf(textOf(payload ?? ''), rules);
    if (span === undefined) return undefined;
    const bytes = Buffer.from(bytesOf(signature));
    return signatureHolds(key, `${header}.${payload}`, bytes) ? span : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Six bits a character, by hand. */
function bytesOf(segment: string): Uint8Array {
  if (segment === '') throw new SyntaxError('an empty segment');
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of segment) {
    const digit = DIGITS.get(character);
    if (digit === undefined) throw new SyntaxError('not of the alphabet');
    bits = (bits << 6) | digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push((bits >> held) & 0xff);
    bits &= (1 << held) - 1;
  }
  if (held >= 6 || bits !== 0) throw new SyntaxError('not canonical');
  return Uint8Array.from(bytes);
}

function textOf(segment: string): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOf(segment));
}

function kidOf(text: string, { keys }: Rules): string | undefined {
  const header = readObject(text, { depth: MAX_DEPTH });
  for (const name of REGISTERED.split(' ')) if (header.has(name)) return undefined;
  const kid = header.get('kid');
  const typ = header.get('typ');
  if (typeof kid !== 'string' || typeof typ !== 'string') return undefined;
  if (!/^(application\/)?at\+jwt$/i.test(typ)) return undefined;
  return header.get('alg') === keys.get(kid)?.alg ? kid : undefined;
}

function signatureHolds(
  { alg, key }: { alg: string; key: KeyObject },
  signed: string,
  signature: Buffer,
): boolean {
  if (alg === 'EdDSA') return verify(null, Buffer.from(signed), key, signature);
  if (alg === 'ES256' && signature.length !== 64) return false;
  return verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

const id = (prefix: string) => {
  const pattern = new RegExp(`^${prefix}_[0-7][0-9a-hj-km-np-tv-z]{25}$`);
  return (value: unknown) => typeof value === 'string' && pattern.test(value);
};
const whole = (least: number, most: number) => (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
const text = (most: number) => (value: unknown) =>
  typeof value === 'string' && value.length >= 1 && value.length <= most;
const list = (of: (value: unknown) => boolean, least: number, most: number) => (value: unknown) =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(of);
const client = (value: unknown) =>
  typeof value === 'string' && /^cli_[a-z0-9][a-z0-9_-]*$/.test(value) && value.length <= 52;
const scope = (value: unknown) =>
  typeof value === 'string' &&
  value.length <= 1_024 &&
  (value === '' ||
    value.split(' ').every((word) => word !== '' && /^[!-~]+$/.test(word) && !/["\\]/.test(word)));
const absent = (value: unknown) => value === undefined;
const either =
  (...rules: ((value: unknown) => boolean)[]) =>
  (value: unknown) =>
    rules.some((rule) => rule(value));

const TIME = whole(1, 253_402_300_799);
const GENERATION = whole(0, 2 ** 31 - 1);
const AUDIENCE = text(256);

const EVERY = {
  aud: either(AUDIENCE, list(AUDIENCE, 1, 16)),
  exp: TIME,
  iat: TIME,
  nbf: either(absent, TIME),
  jti: id('tok'),
  client_id: client,
  gen: GENERATION,
  cgen: GENERATION,
  igen: GENERATION,
  // Bound to a key (RFC 9449), no client may bring it without a proof.
  cnf: absent,
};
const USER = {
  ...EVERY,
  sub: id('usr'),
  sid: id('ses'),
  roles: list(text(64), 0, 16),
  auth_time: TIME,
  amr: list(text(16), 1, 8),
  acr: either(absent, text(128)),
  scope: either(absent, scope),
  csgen: either(absent, GENERATION),
};
const MACHINE = { ...EVERY, sub: client, scope, sid: absent, roles: absent, csgen: absent };

function spanOf(json: string, rules: Rules): Span | undefined {
  const claims = readObject(json, { depth: MAX_DEPTH });
  const form = claims.has('sid') ? USER : MACHINE;
  for (const [name, fits] of Object.entries(form)) if (!fits(claims.get(name))) return undefined;
  if (claims.get('iss') !== rules.issuer) return undefined;
  if (form === MACHINE && claims.get('sub') !== claims.get('client_id')) return undefined;
  return isMeant(claims, rules) ? lifeOf(claims, rules) : undefined;
}

function isMeant(claims: Members, { audience }: Rules): boolean {
  const aud = claims.get('aud');
  return aud === audience || (Array.isArray(aud) && aud.includes(audience));
}

function lifeOf(claims: Members, { maxLifeSeconds, skewSeconds }: Rules): Span | undefined {
  const [exp = 0, iat = 0, nbf = 0] = ['exp', 'iat', 'nbf'].map((name) =>
    Number(claims.get(name) ?? 0),
  );
  if (exp <= iat || exp - iat > maxLifeSeconds || nbf >= exp) return undefined;
  return { from: Math.max(iat, nbf) - skewSeconds, until: exp };
}

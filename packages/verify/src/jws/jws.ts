/**
 * A signed token that is not an access token: a DPoP proof (RFC 9449), a client assertion (RFC 7523).
 * In the one canonical spelling of the compact form, like access tokens; its caller checks the members.
 */
import type { PublicKey } from './public-key.ts';
import { signatureHolds } from './signature.ts';
import type { Algorithm } from './verification-key.ts';
import { parseStrictJson } from '../wire/strict-json.ts';

export interface Jws {
  header: Record<string, unknown>;
  /** Not to be believed before the signature has been checked. */
  payload: Record<string, unknown>;
  /** What the signature covers. */
  signed: string;
  signature: Buffer;
}

/**
 * Header parameters that would have the reader fetch, trust, unpack or understand something of the
 * sender's choice (RFC 7515 section 4.1). Thumbprints (`x5t`, `x5t#S256`) only help to find a key: which
 * key counts is known here, and they are ignored.
 */
const FORBIDDEN_PARAMETERS = ['jku', 'x5u', 'x5c', 'crit', 'zip', 'cty', 'b64', 'enc'];

/**
 * @param maxLength characters; longer ones are refused before anything else is looked at
 * @throws Error with a private reason
 */
export function parseJws(text: string, maxLength: number): Jws {
  if (text.length > maxLength) throw new Error('longer than it may be');
  const [header = '', payload = '', signature = '', ...more] = text.split('.', 4);
  if (more.length > 0) throw new Error('not three segments');
  const parameters = parseStrictJson(decodeSegment(header));
  for (const name of FORBIDDEN_PARAMETERS) {
    if (Object.hasOwn(parameters, name)) throw new Error(`the header has ${name}`);
  }
  return {
    header: parameters,
    payload: parseStrictJson(decodeSegment(payload)),
    signed: text.slice(0, header.length + 1 + payload.length),
    signature: decodeSegment(signature),
  };
}

/** Base64url without padding, white space or stray low bits (RFC 7515 section 2). */
function decodeSegment(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (segment === '' || bytes.toString('base64url') !== segment) {
    throw new Error('a segment is not canonical');
  }
  return bytes;
}

/** The algorithm that a header names; Ed25519 has two names (RFC 9864 section 2.2). */
export function algorithmOf({ alg }: Record<string, unknown>): Algorithm | undefined {
  if (alg === 'ES256' || alg === 'RS256' || alg === 'EdDSA') return alg;
  return alg === 'Ed25519' ? 'EdDSA' : undefined;
}

/** Whether this key made the signature, by its own algorithm and no other (RFC 8725 section 3.1). */
export function jwsSignatureHolds({ header, signed, signature }: Jws, key: PublicKey): boolean {
  const alg = algorithmOf(header);
  if (alg !== key.alg) return false;
  return signatureHolds({ alg, signed, signature }, key);
}

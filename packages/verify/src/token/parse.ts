/**
 * The compact form of a signed token (RFC 7515 section 7.1), in its one canonical spelling.
 *
 * Everything here happens before any cryptography and is bounded by the length of the input.
 */
import { isKeyId } from '@portcullis/contracts';
import type { Algorithm } from '../jws/verification-key.ts';
import { isMediaType } from '../jws/media-type.ts';
import { parseStrictJson } from '../wire/strict-json.ts';
import { TokenFault } from './token-fault.ts';

/** Characters. Longer tokens are refused before anything else is looked at. */
export const MAX_TOKEN_LENGTH = 8_192;

export interface ParsedToken {
  kid: string;
  alg: Algorithm;
  /** What the signature covers: the first two segments as they came. */
  signed: string;
  signature: Buffer;
  /** Not to be believed before the signature has been checked. */
  payload: Record<string, unknown>;
}

/**
 * What the registry of header parameters (RFC 7515 section 9.1) knows beside `alg`, `kid` and `typ`.
 * Each would have the verifier fetch, trust, decrypt or interpret something of the sender's choice, or
 * says a second time what a claim says (RFC 7519 section 5.3); no access token here carries any.
 * Parameters that are not registered mean nothing, and are ignored as section 4 asks.
 */
export const REFUSED_PARAMETERS: ReadonlySet<string> = new Set([
  // keys, and where to get them: RFC 7515 sections 4.1.2 to 4.1.8, OpenID Federation
  ...'jku jwk x5u x5c x5t x5t#S256 trust_chain'.split(' '),
  // other rules: RFC 7515 sections 4.1.10 and 4.1.11, RFC 7797
  ...'cty crit b64'.split(' '),
  // encryption: RFC 7516 section 4.1, RFC 7518 section 4
  ...'enc zip epk apu apv iv tag p2s p2c'.split(' '),
  // claims: RFC 7519 section 5.3
  ...'iss sub aud'.split(' '),
  // other protocols: RFC 8555, RFC 8225, OpenID for Verifiable Credentials
  ...'url nonce ppt svt'.split(' '),
]);

interface Header {
  kid: string;
  alg: Algorithm;
}

/** @throws Error with a private reason; `invalidToken` makes the refusal of it */
export function parseToken(token: string): ParsedToken {
  const parsed = parseForThisTurn(token);
  return { ...parsed, signature: Buffer.from(parsed.signature) };
}

/**
 * The same without copies: the bytes of its signature are overwritten when the next token is parsed, so the
 * caller checks it in the same turn.
 *
 * @throws Error with a private reason; `invalidToken` makes the refusal of it
 */
export function parseForThisTurn(token: string): ParsedToken {
  if (token.length > MAX_TOKEN_LENGTH) throw new Error('longer than a token may be');
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  if (payloadEnd < 0) throw new Error('not three segments');
  const { kid, alg } = headerOf(token.slice(0, headerEnd));
  return {
    alg,
    kid,
    signed: token.slice(0, payloadEnd),
    payload: parseSegment(token.slice(headerEnd + 1, payloadEnd)),
    signature: decodeSignature(token.slice(payloadEnd + 1)),
  };
}

/**
 * Base64url without padding, white space or stray low bits (RFC 7515 section 2, RFC 4648 section 3.5),
 * also where the decoder is lenient: the bytes have one spelling, and the segment is it.
 *
 * @returns how many bytes it is, at the beginning of `into`
 */
function decode(segment: string, into: Buffer): number {
  const length = into.write(segment, 'base64url');
  if (into.toString('base64url', 0, length) !== segment) {
    throw new Error('a segment is not canonical');
  }
  return length;
}

/** Hold a segment's bytes until they are used, in the same turn: each token would leave garbage. */
const json = Buffer.allocUnsafeSlow(MAX_TOKEN_LENGTH);
const signatures = Buffer.allocUnsafeSlow(MAX_TOKEN_LENGTH);
/** What is shown of the latter. A view costs more than what it shows, and mostly the last one fits. */
let shown = signatures.subarray(0, 64);

function parseSegment(segment: string): Record<string, unknown> {
  return parseStrictJson(json, decode(segment, json));
}

function decodeSignature(segment: string): Buffer {
  const length = decode(segment, signatures);
  if (shown.length !== length) shown = signatures.subarray(0, length);
  return shown;
}

/** The header that was read last: almost every token has the same one, character by character. */
let lastHeader: { segment: string; header: Header } = {
  segment: '.', // which none is
  header: { kid: '', alg: 'ES256' },
};

function headerOf(segment: string): Header {
  if (segment === lastHeader.segment) return lastHeader.header;
  const header = readHeader(parseSegment(segment));
  // A copy: a slice would keep the whole token alive.
  lastHeader = { segment: Buffer.from(segment).toString('latin1'), header };
  return header;
}

function readHeader(header: Record<string, unknown>): Header {
  for (const name of Object.keys(header)) {
    if (REFUSED_PARAMETERS.has(name)) {
      throw new TokenFault('header_refused', 'the header has a parameter that is refused');
    }
  }
  const { alg, kid, typ } = header;
  if (alg !== 'ES256' && alg !== 'RS256' && alg !== 'EdDSA') {
    throw new TokenFault('algorithm_refused', 'algorithm refused');
  }
  // Keys are named as identifiers. What cannot be the name of one is not asked for anywhere.
  if (!isKeyId(kid)) throw new TokenFault('header_refused', 'no usable kid');
  // RFC 9068 section 4.
  if (!isMediaType(typ, 'at+jwt')) {
    throw new TokenFault('not_an_access_token', 'not an access token');
  }
  return { alg, kid };
}

/**
 * The compact form of a signed token (RFC 7515 section 7.1), in its one canonical spelling.
 *
 * Everything here happens before any cryptography and is bounded by the length of the input.
 */
import { parseStrictJson } from './strict-json.ts';

/** Characters. Longer tokens are refused before anything else is looked at. */
export const MAX_TOKEN_LENGTH = 8_192;
const MAX_KID_LENGTH = 128;

export type Algorithm = 'ES256' | 'RS256' | 'EdDSA';

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
 * Header parameters that would have the verifier fetch, trust or interpret something of the
 * sender's choice, or that it must understand to go on (RFC 7515 section 4.1, RFC 8725).
 */
const FORBIDDEN_PARAMETERS = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'zip', 'cty', 'b64', 'enc'];

const SEGMENT = /^[A-Za-z0-9_-]+$/;

/** @throws Error with a private reason; the caller turns it into `invalid_token` */
export function parseToken(token: string): ParsedToken {
  if (token.length > MAX_TOKEN_LENGTH) throw new Error('longer than a token may be');
  const segments = token.split('.', 4);
  const [header, payload, signature] = segments;
  if (
    segments.length !== 3 ||
    header === undefined ||
    payload === undefined ||
    signature === undefined
  ) {
    throw new Error('not three segments');
  }
  const signatureBytes = decodeSegment(signature);
  const { alg, kid } = readHeader(parseStrictJson(decodeSegment(header)));
  return {
    alg,
    kid,
    signed: token.slice(0, header.length + 1 + payload.length),
    signature: signatureBytes,
    payload: parseStrictJson(decodeSegment(payload)),
  };
}

/** Base64url without padding, white space or stray low bits (RFC 7515 section 2, RFC 4648 section 3.5). */
function decodeSegment(segment: string): Buffer {
  if (!SEGMENT.test(segment)) throw new Error('a segment is not base64url');
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw new Error('a segment is not canonical');
  return bytes;
}

function readHeader(header: Record<string, unknown>): { alg: Algorithm; kid: string } {
  for (const name of FORBIDDEN_PARAMETERS) {
    if (Object.hasOwn(header, name)) throw new Error(`the header has ${name}`);
  }
  const { alg, kid, typ } = header;
  if (alg !== 'ES256' && alg !== 'RS256' && alg !== 'EdDSA') throw new Error('algorithm refused');
  if (typeof kid !== 'string' || kid.length === 0 || kid.length > MAX_KID_LENGTH) {
    throw new Error('no usable kid');
  }
  // RFC 9068 section 4: `at+jwt`, or with the prefix that RFC 7515 section 4.1.9 lets one omit.
  const type = typeof typ === 'string' ? typ.toLowerCase() : undefined;
  if (type !== 'at+jwt' && type !== 'application/at+jwt') throw new Error('not an access token');
  return { alg, kid };
}

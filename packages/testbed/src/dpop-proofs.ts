/**
 * Good and hostile DPoP proofs (RFC 9449 section 4.3), for every reader of them. Two readers of one rule
 * have to give one answer, so the tests of each reader go through this table. Each is made for the expectations
 * that it is given, and signed by a key of its own maker: only what its name says is wrong with it.
 */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

type Json = Readonly<Record<string, unknown>>;

/** What a proof has to be for. */
export interface ProofTarget {
  method: string;
  url: string;
  /** The access token that comes with it, if any. */
  token?: string;
  /** Seconds since the epoch. */
  now: number;
  nonce?: string | undefined;
}

export type ProofSigner = 'ES256' | 'Ed25519' | 'RS256' | 'RSA of 1024 bits';

export interface ProofVariant {
  by?: ProofSigner;
  /** Members beside the usual ones, or instead of them; `undefined` leaves one out. */
  header?: (jwk: Json, of: (signer: ProofSigner) => Json) => Json;
  claims?: (target: ProofTarget) => Json;
  /** Changes the JSON that is signed. */
  headerText?: (json: string) => string;
  claimsText?: (json: string) => string;
  /** Changes the three segments, once they are signed. */
  segments?: (header: string, claims: string, signature: string) => string;
}

export interface ProofCase {
  name: string;
  variant: ProofVariant;
}

interface Pair {
  privateKey: KeyObject;
  jwk: Json;
}

const ALG = { ES256: 'ES256', Ed25519: 'EdDSA', RS256: 'RS256', 'RSA of 1024 bits': 'RS256' };

/** Makes proofs by keys of its own. */
export class ProofMaker {
  readonly #pairs = new Map<ProofSigner, Pair>();

  /** @returns the public half, as a JWK */
  jwk(signer: ProofSigner): Json {
    return this.#pair(signer).jwk;
  }

  make(target: ProofTarget, variant: ProofVariant = {}): string {
    const { by = 'ES256', header, claims, headerText, claimsText, segments } = variant;
    const { privateKey, jwk } = this.#pair(by);
    const parameters = {
      alg: ALG[by],
      typ: 'dpop+jwt',
      jwk,
      ...header?.(jwk, (signer) => this.jwk(signer)),
    };
    const said = { ...claimsFor(target), ...claims?.(target) };
    const first = encoded((headerText ?? same)(JSON.stringify(parameters)));
    const second = encoded((claimsText ?? same)(JSON.stringify(said)));
    const signature = signatureOf(`${first}.${second}`, privateKey);
    return (segments ?? joined)(first, second, signature);
  }

  #pair(signer: ProofSigner): Pair {
    const known = this.#pairs.get(signer);
    if (known !== undefined) return known;
    const { privateKey, publicKey } = pairFor(signer);
    const made = { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }) } };
    this.#pairs.set(signer, made);
    return made;
  }
}

function claimsFor({ method, url, token, now, nonce }: ProofTarget): Json {
  return {
    jti: crypto.randomUUID(),
    htm: method,
    htu: url,
    iat: Math.floor(now),
    ...(nonce === undefined ? {} : { nonce }),
    ...(token === undefined ? {} : { ath: hashOf(token) }),
  };
}

function pairFor(signer: ProofSigner): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (signer) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'Ed25519':
      return generateKeyPairSync('ed25519');
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
    case 'RSA of 1024 bits':
      return generateKeyPairSync('rsa', { modulusLength: 1_024 });
  }
}

function signatureOf(text: string, key: KeyObject): string {
  const bytes = Buffer.from(text, 'latin1');
  const made =
    key.asymmetricKeyType === 'ed25519'
      ? sign(null, bytes, key)
      : sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
  return made.toString('base64url');
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

const same = (json: string): string => json;
const joined = (...segments: string[]): string => segments.join('.');
const encoded = (text: string): string => Buffer.from(text).toString('base64url');

/** Another member in front: readers that take the last of two would not notice it. */
const doubled = (member: string) => (json: string) => json.replace('{', `{${member},`);

/** Another spelling of the same 64 bytes, which leave four low bits of the last character unused. */
function withStrayBits(signature: string): string {
  const last = signature.codePointAt(signature.length - 1) ?? 0;
  const spelling = signature.slice(0, -1) + String.fromCodePoint(last + 1);
  const [one, other] = [signature, spelling].map((text) => Buffer.from(text, 'base64url'));
  if (one?.equals(other ?? Buffer.alloc(0)) !== true) throw new Error('these are other bytes');
  return spelling;
}

const doubledKty = (json: string): string => json.replace('"jwk":{', '"jwk":{"kty":"x",');

const withAlg = (alg: unknown): ProofVariant => ({
  segments: (header, claims, signature) => {
    const said: object = JSON.parse(Buffer.from(header, 'base64url').toString());
    return joined(encoded(JSON.stringify({ ...said, alg })), claims, signature);
  },
});

const casesOf = (named: readonly (readonly [string, ProofVariant])[]): ProofCase[] =>
  named.map(([name, variant]) => ({ name, variant }));

/** Each holds, wherever it is read. */
export const GOOD_PROOFS: readonly ProofCase[] = casesOf([
  ['ES256', {}],
  ['EdDSA', { by: 'Ed25519' }],
  [
    'a key that names its algorithm',
    { by: 'Ed25519', header: (jwk) => ({ jwk: { ...jwk, alg: 'EdDSA' } }) },
  ],
  [
    'a key that names it by its newer name',
    { by: 'Ed25519', header: (jwk) => ({ jwk: { ...jwk, alg: 'Ed25519' } }) },
  ],
  ['Ed25519 by its newer name', { by: 'Ed25519', header: () => ({ alg: 'Ed25519' }) }],
  ['a key to verify with, said twice', { header: (jwk) => ({ jwk: usable(jwk) }) }],
  ['members of its key that mean nothing', { header: (jwk) => ({ jwk: { ...jwk, ext: 'yes' } }) }],
  ['its type in capitals', { header: () => ({ typ: 'DPoP+JWT' }) }],
  ['its type in full', { header: () => ({ typ: 'application/dpop+jwt' }) }],
  ['a thumbprint of a certificate', { header: () => ({ x5t: 'A1bC2dE3fH4iJ5kL6mN7oP8qR9s' }) }],
  ['a fraction for an iat', { claims: ({ now }) => ({ iat: Math.floor(now) - 0.25 }) }],
  ['the query', { claims: ({ url }) => ({ htu: `${url}?a=b#c` }) }],
  ['the scheme in capitals', { claims: ({ url }) => ({ htu: url.replace('http', 'HTTP') }) }],
  ['more than is asked for', { claims: () => ({ other: [1, 2, 3] }) }],
  // They are none of its claims (section 4.2), and are not looked at.
  ['an exp that is over', { claims: () => ({ exp: 1 }) }],
  ['an nbf that is text', { claims: () => ({ nbf: 'later' }) }],
]);

const usable = (jwk: Json): Json => ({ ...jwk, use: 'sig', key_ops: ['verify', 'verify'] });

const HEADER: readonly (readonly [string, ProofVariant])[] = [
  ['the type of an access token', { header: () => ({ typ: 'at+jwt' }) }],
  ['no type', { header: () => ({ typ: undefined }) }],
  ['a type that only begins so', { header: () => ({ typ: 'dpop+jwt2' }) }],
  ['its type below another tree', { header: () => ({ typ: 'text/dpop+jwt' }) }],
  ['a list for a type', { header: () => ({ typ: ['dpop+jwt'] }) }],
  ['a certificate to be trusted', { header: () => ({ x5c: ['MIIC'] }) }],
  ['a certificate to be fetched', { header: () => ({ x5u: 'https://elsewhere.example' }) }],
  ['a key to be fetched', { header: () => ({ jku: 'https://elsewhere.example' }) }],
  ['compression', { header: () => ({ zip: 'DEF' }) }],
  ['a payload that is not encoded', { header: () => ({ b64: true, crit: ['b64'] }) }],
  ['an extension that must be understood', { header: () => ({ crit: ['x'], x: 1 }) }],
  ['a type of content', { header: () => ({ cty: 'JWT' }) }],
  ['a member of its header twice', { headerText: doubled('"typ":"at+jwt"') }],
  ['a key twice', { headerText: doubled('"jwk":{}') }],
  ['a member of its key twice', { headerText: doubledKty }],
  ['no algorithm', { header: () => ({ alg: undefined }) }],
  ...['none', 'HS256', 'RS256', 'ES384', 'EdDSA', 'es256', '', null].map(
    (alg) => [`${JSON.stringify(alg)} for its algorithm`, withAlg(alg)] as const,
  ),
];

const KEY: readonly (readonly [string, ProofVariant])[] = [
  ['no key', { header: () => ({ jwk: undefined }) }],
  ['another key', { header: (_, of) => ({ jwk: of('Ed25519') }) }],
  ['a private key', { header: (jwk) => ({ jwk: { ...jwk, d: jwk['x'] } }) }],
  ['a shared key', { header: () => ({ jwk: { kty: 'oct', k: 'c2VjcmV0' } }) }],
  ['a point that is not on its curve', { header: (jwk) => ({ jwk: { ...jwk, x: jwk['y'] } }) }],
  ['a key of another curve', { header: (jwk) => ({ jwk: { ...jwk, crv: 'P-384' } }) }],
  ['a key that is text', { header: () => ({ jwk: 'x' }) }],
  ['a list for a key', { header: (jwk) => ({ jwk: [jwk] }) }],
  ['a key for another algorithm', { header: (jwk) => ({ jwk: { ...jwk, alg: 'EdDSA' } }) }],
  ['a key to encrypt with', { header: (jwk) => ({ jwk: { ...jwk, use: 'enc' } }) }],
  ['a key to sign with', { header: (jwk) => ({ jwk: { ...jwk, key_ops: ['sign'] } }) }],
  ['an RSA key', { by: 'RS256' }],
  ['a small RSA key', { by: 'RSA of 1024 bits' }],
  [
    // The neutral element: R = 1 and S = 0 fit every message.
    'a key of small order, and a signature that no key made',
    {
      by: 'Ed25519',
      header: () => ({ jwk: { kty: 'OKP', crv: 'Ed25519', x: neutral.toString('base64url') } }),
      segments: (header, claims) =>
        joined(header, claims, Buffer.concat([neutral, Buffer.alloc(32)]).toString('base64url')),
    },
  ],
];

const neutral = Buffer.alloc(32);
neutral[0] = 1;

const FORM: readonly (readonly [string, ProofVariant])[] = [
  ['no signature', { segments: (header, claims) => `${header}.${claims}.` }],
  ['two segments', { segments: (header, claims) => `${header}.${claims}` }],
  ['four segments', { segments: (...all) => `${joined(...all)}.` }],
  ['padding', { segments: (...all) => `${joined(...all)}=` }],
  [
    'stray bits in its signature',
    { segments: (header, claims, mac) => joined(header, claims, withStrayBits(mac)) },
  ],
  ['zeros for a signature', { segments: (one, two) => joined(one, two, 'A'.repeat(86)) }],
  [
    'a signature in DER',
    { segments: (header, claims) => joined(header, claims, `MEUC${'A'.repeat(92)}`) },
  ],
  ['a claim twice', { claimsText: doubled('"htm":"DELETE"') }],
  ['claims in a list', { claimsText: (json) => `[${json}]` }],
  ['a mark before its claims', { claimsText: (json) => `\uFEFF${json}` }],
  ['more characters than it may have', { claims: () => ({ other: 'x'.repeat(5_000) }) }],
  ['nothing in it', { segments: () => 'x' }],
];

const CLAIMS: readonly (readonly [string, ProofVariant])[] = [
  ['no jti', { claims: () => ({ jti: undefined }) }],
  ['an empty jti', { claims: () => ({ jti: '' }) }],
  ['a jti without end', { claims: () => ({ jti: 'x'.repeat(257) }) }],
  ['no htm', { claims: () => ({ htm: undefined }) }],
  ['another htm', { claims: () => ({ htm: 'PUT' }) }],
  ['its method in small letters', { claims: ({ method }) => ({ htm: method.toLowerCase() }) }],
  ['no htu', { claims: () => ({ htu: undefined }) }],
  ['another path', { claims: ({ url }) => ({ htu: `${url}/` }) }],
  ['another scheme', { claims: ({ url }) => ({ htu: url.replace(/^\w+/, 'ws') }) }],
  ['another port', { claims: ({ url }) => ({ htu: ofUrl(url, (it) => (it.port = '444')) }) }],
  [
    'another host',
    { claims: ({ url }) => ({ htu: ofUrl(url, (it) => (it.host = 'evil.example')) }) },
  ],
  [
    'credentials in its address',
    { claims: ({ url }) => ({ htu: ofUrl(url, (it) => (it.username = 'a')) }) },
  ],
  ['a path alone', { claims: ({ url }) => ({ htu: new URL(url).pathname }) }],
  ['no iat', { claims: () => ({ iat: undefined }) }],
  ['an iat that is text', { claims: ({ now }) => ({ iat: String(Math.floor(now)) }) }],
  ['an iat of long ago', { claims: () => ({ iat: 1_000_000_000 }) }],
  ['an iat to come', { claims: ({ now }) => ({ iat: Math.floor(now) + 400 }) }],
  ['a nonce that is no text', { claims: () => ({ nonce: 1 }) }],
];

function ofUrl(url: string, change: (parsed: URL) => void): string {
  const parsed = new URL(url);
  change(parsed);
  return parsed.href;
}

/** Each is refused, wherever it is read, and alike. */
export const HOSTILE_PROOFS: readonly ProofCase[] = casesOf([
  ...HEADER,
  ...KEY,
  ...FORM,
  ...CLAIMS,
]);

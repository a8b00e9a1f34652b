/**
 * An issuer of access tokens for the tests of services that verify them: real keys, ES256 unless
 * told, their key set on a loopback address, real RFC 9068 tokens, and revocations in memory.
 */
import {
  demandFunctionIfGiven,
  demandText,
  FIRST_PARTY_CLIENT,
  newId,
  type KeyId,
  type MachineClaims,
  type UserClaims,
} from '@portcullis/contracts';
import { SignJWT, type JWTHeaderParameters } from 'jose';
import {
  generateKeyPairSync,
  sign as signBytes,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { MemoryRevocations } from './memory-revocations.ts';
import { portOf } from './port-of.ts';

const LIFE_SECONDS = 600;
const KEY_SET = '/.well-known/jwks.json';
/** RFC 8414 section 3. */
const METADATA = '/.well-known/oauth-authorization-server';

export interface TestIssuerOptions {
  /** What `aud` of its tokens names; `urn:portcullis:test` unless given. */
  audience?: string;
  /** Milliseconds since the epoch, for tests that steer the clock. */
  now?: () => number;
}

export interface MintOptions {
  /** Replaces members of the header; undefined removes one. */
  header?: Readonly<Record<string, unknown>>;
  /** Signs with this key of the issuer; the present one unless given. */
  kid?: KeyId;
}

export type SigningAlgorithm = 'ES256' | 'RS256' | 'EdDSA';

interface Key {
  alg: SigningAlgorithm;
  privateKey: KeyObject;
  jwk: JsonWebKey;
}

type Overrides<C> = { [K in keyof C]?: C[K] | undefined } & Readonly<Record<string, unknown>>;

export interface TestIssuer extends AsyncDisposable {
  /** `iss`, and the address of its metadata and key set. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly revocations: MemoryRevocations;
  /** The key that signs now. */
  readonly kid: KeyId;
  /** How often the key set was fetched. */
  readonly jwksRequests: number;
  /**
   * A person's token, new ids and all. What is given replaces claims; undefined removes one, which
   * makes tokens that must be refused.
   */
  mint(claims?: Overrides<UserClaims>, options?: MintOptions): Promise<string>;
  /** A machine's token. */
  mintMachine(claims?: Overrides<MachineClaims>, options?: MintOptions): Promise<string>;
  /**
   * Signs these very bytes, whatever they say: for tokens that no library would make.
   *
   * @param kid the key of the issuer to sign with; the present one unless given
   */
  signRaw(header: string | Uint8Array, payload: string | Uint8Array, kid?: KeyId): string;
  /** The public key as the key set shows it. */
  publicJwk(kid?: KeyId): JsonWebKey;
  /** Signs with a new key from now on; the old ones stay in the key set. */
  rotate(alg?: SigningAlgorithm): Promise<KeyId>;
  /** Takes a key out of the key set. */
  withdraw(kid: KeyId): void;
}

export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { audience = 'urn:portcullis:test', now = Date.now } = options;
  demandText(audience, 'createTestIssuer', 'audience');
  demandFunctionIfGiven(now, 'createTestIssuer', 'now');
  const keys = new Map<KeyId, Key>();
  const published = new Set<KeyId>();
  let kid = newId('key');
  let jwksRequests = 0;

  const rotate = async (alg: SigningAlgorithm = 'ES256'): Promise<KeyId> => {
    kid = newId('key');
    keys.set(kid, newKey(kid, alg));
    published.add(kid);
    return kid;
  };
  await rotate();

  const server = await listen((request, response) => {
    switch (request.url) {
      case METADATA: {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(metadataOf(server.url)));
        return;
      }
      case KEY_SET: {
        jwksRequests += 1;
        const jwks = [...keys].flatMap(([id, key]) => (published.has(id) ? [key.jwk] : []));
        response.writeHead(200, { 'content-type': 'application/jwk-set+json' });
        response.end(JSON.stringify({ keys: jwks }));
        return;
      }
      default:
        response.writeHead(404).end();
    }
  });

  const keyOf = (id: KeyId): Key => {
    const key = keys.get(id);
    if (key === undefined) throw new Error('this issuer never had that key');
    return key;
  };
  const sign = async (claims: Record<string, unknown>, { header, ...mint }: MintOptions) => {
    const id = mint.kid ?? kid;
    const key = keyOf(id);
    const present: JWTHeaderParameters = {
      alg: key.alg,
      ...withoutUndefined({ typ: 'at+jwt', kid: id, ...header }),
    };
    // jose signs whatever the header says, as long as the algorithm fits the key.
    return new SignJWT(withoutUndefined(claims)).setProtectedHeader(present).sign(key.privateKey);
  };
  const everyToken = (): Record<string, unknown> => {
    const iat = Math.floor(now() / 1_000);
    const jti = newId('tok', now());
    return {
      iss: server.url,
      aud: audience,
      iat,
      exp: iat + LIFE_SECONDS,
      jti,
      gen: 0,
      cgen: 0,
      igen: 0,
    };
  };

  return {
    issuer: server.url,
    audience,
    jwksUrl: `${server.url}${KEY_SET}`,
    revocations: new MemoryRevocations(now),
    get kid() {
      return kid;
    },
    get jwksRequests() {
      return jwksRequests;
    },
    mint: async (claims = {}, mint = {}) => {
      const base = everyToken();
      const person = {
        sub: newId('usr'),
        sid: newId('ses'),
        client_id: FIRST_PARTY_CLIENT,
        roles: [],
        auth_time: base['iat'],
        amr: ['pwd'],
      };
      return sign({ ...base, ...person, ...claims }, mint);
    },
    mintMachine: async (claims = {}, mint = {}) => {
      const machine = { sub: 'cli_test', client_id: claims.sub ?? 'cli_test', scope: '' };
      return sign({ ...everyToken(), ...machine, ...claims }, mint);
    },
    signRaw: (header, payload, id = kid) => {
      const signed = `${base64url(header)}.${base64url(payload)}`;
      return `${signed}.${signatureOf(keyOf(id), signed).toString('base64url')}`;
    },
    publicJwk: (id = kid) => keyOf(id).jwk,
    rotate,
    withdraw: (id) => void published.delete(id),
    [Symbol.asyncDispose]: server.close,
  };
}

/** What every issuer has to say of itself (RFC 8414 section 2); it has no authorization endpoint. */
function metadataOf(issuer: string) {
  return { issuer, jwks_uri: `${issuer}${KEY_SET}`, response_types_supported: [] };
}

function newKey(kid: KeyId, alg: SigningAlgorithm): Key {
  const { privateKey, publicKey } = keyPairFor(alg);
  return { alg, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

function keyPairFor(alg: SigningAlgorithm) {
  switch (alg) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
  }
}

function signatureOf({ alg, privateKey }: Key, signed: string): Buffer {
  const bytes = Buffer.from(signed);
  if (alg === 'EdDSA') return signBytes(null, bytes, privateKey);
  return signBytes('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function withoutUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

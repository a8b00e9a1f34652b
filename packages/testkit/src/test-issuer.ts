/**
 * An issuer of access tokens for the tests of services that verify them: a real ES256 key, its key
 * set on a loopback address, real RFC 9068 tokens, and revocations in memory.
 */
import {
  FIRST_PARTY_CLIENT,
  newId,
  type KeyId,
  type MachineClaims,
  type UserClaims,
} from '@portcullis/contracts';
import { exportJWK, generateKeyPair, SignJWT, type JWTHeaderParameters } from 'jose';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { MemoryRevocations } from './memory-revocations.ts';
import { portOf } from './port-of.ts';

const LIFE_SECONDS = 600;

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
  /** Signs with a new key from now on; the old ones stay in the key set. */
  rotate(): Promise<KeyId>;
  /** Takes a key out of the key set. */
  withdraw(kid: KeyId): void;
}

export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { audience = 'urn:portcullis:test', now = Date.now } = options;
  const keys = new Map<KeyId, Awaited<ReturnType<typeof newKey>>>();
  const published = new Set<KeyId>();
  let kid = newId('key');
  let jwksRequests = 0;

  const rotate = async (): Promise<KeyId> => {
    kid = newId('key');
    keys.set(kid, await newKey(kid));
    published.add(kid);
    return kid;
  };
  await rotate();

  const server = await listen((request, response) => {
    if (request.url !== '/.well-known/jwks.json') {
      response.writeHead(404).end();
      return;
    }
    jwksRequests += 1;
    const jwks = [...keys].flatMap(([id, key]) => (published.has(id) ? [key.jwk] : []));
    response.writeHead(200, { 'content-type': 'application/jwk-set+json' });
    response.end(JSON.stringify({ keys: jwks }));
  });

  const sign = async (claims: Record<string, unknown>, { header, ...mint }: MintOptions) => {
    const id = mint.kid ?? kid;
    const key = keys.get(id);
    if (key === undefined) throw new Error('this issuer never had that key');
    const present: JWTHeaderParameters = {
      alg: 'ES256',
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
    jwksUrl: `${server.url}/.well-known/jwks.json`,
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
    rotate,
    withdraw: (id) => void published.delete(id),
    [Symbol.asyncDispose]: server.close,
  };
}

async function newKey(kid: KeyId) {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  return { privateKey, jwk };
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

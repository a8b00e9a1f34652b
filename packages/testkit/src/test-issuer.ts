/**
 * An issuer of access tokens for the tests of services that verify them: real keys, ES256 by default,
 * their key set on a loopback address, real RFC 9068 tokens, and revocations in memory.
 */
import {
  demandFunctionIfGiven,
  demandText,
  FIRST_PARTY_CLIENT,
  newId,
  type AccessConfig,
  type AccessMapping,
  type KeyId,
  type MachineClaims,
  type Role,
  type UserClaims,
} from '@portcullis/contracts';
import type { JsonWebKey } from 'node:crypto';
import { DeclaredAccess, demandConfig } from './declared-access.ts';
import { IssuerKeys, type SigningAlgorithm } from './issuer-keys.ts';
import { serveMetadata, type FetchOfIssuer } from './metadata-server.ts';
import { MemoryRevocations, type MemoryFeed } from './memory-revocations.ts';
import type { Mint, MintOptions, Overrides } from './mint-options.ts';
import { createSignIns, type SignIns } from './sign-in.ts';
import type { TestClock } from './test-clock.ts';

const LIFE_SECONDS = 600;

/** `N`: the roles that the configuration declares. */
export interface TestIssuerOptions<N extends string = never> {
  /** What `aud` of its tokens names; `urn:portcullis:test` unless given. */
  audience?: string;
  /** Milliseconds since the epoch, for tests that steer the clock. */
  now?: () => number;
  /** The same, with timers: `createTestClock()`. */
  clock?: TestClock;
  /**
   * What `portcullis.config.ts` exports: its roles carry its permissions from the start of each verifier, and `admin` carries
   * all of them. Portcullis' own roles and permissions alone unless given.
   */
  config?: AccessConfig<string, N, string>;
}

/** What a verifier of this issuer is made with, beside what a test says of it. */
export interface TestVerifierOptions {
  issuer: string;
  audience: string;
  jwksUrl: string;
  feed: MemoryFeed;
  /** Has the key set in this process; any other address is fetched. */
  fetch: FetchOfIssuer;
  clock?: TestClock;
}

/** `N`: the roles that users may sign in with. */
export interface TestIssuer<N extends string = Role> extends AsyncDisposable, SignIns<N> {
  /** `iss`, and the address of its metadata and key set. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly revocations: MemoryRevocations;
  /** The key that signs now. */
  readonly kid: KeyId;
  /** How often the key set was fetched. */
  readonly jwksRequests: number;
  /** For `createVerifier({ ...issuer.verifierOptions(), service: 'orders' })`, each with a feed of its own. */
  verifierOptions(): TestVerifierOptions;
  /**
   * A user's token, new ids and all. What is given replaces claims; undefined removes one, which
   * makes tokens that must be refused.
   */
  mint(claims?: Overrides<UserClaims>, options?: MintOptions): Promise<string>;
  /** A machine's token. */
  mintMachine(claims?: Overrides<MachineClaims>, options?: MintOptions): Promise<string>;
  /**
   * Signs these very bytes, valid or not: for tokens that no library would make.
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
  /**
   * Has these roles carry these permissions, from the next grant of each verifier on: a configuration of
   * `defineConfig`, say. The number is one more than that of the mapping before.
   */
  declare(mapping: AccessMapping): void;
}

/** @throws TypeError for a wrong option, which it names; of `config` each key that is wrong */
export async function createTestIssuer<N extends string = never>(
  options: TestIssuerOptions<N> = {},
): Promise<TestIssuer<N | Role>> {
  const { audience = 'urn:portcullis:test', clock } = options;
  const now = clock === undefined ? (options.now ?? Date.now) : () => clock.wall();
  demandText(audience, 'createTestIssuer', 'audience');
  demandFunctionIfGiven(now, 'createTestIssuer', 'now');
  const config = options.config === undefined ? undefined : demandConfig(options.config);
  const keys = new IssuerKeys();
  const endpoints = await serveMetadata(keys);
  const { issuer, jwksUrl, fetch } = endpoints;
  const tokens = new ClaimsOfTokens({ issuer, audience, now });
  const revocations = new MemoryRevocations(now);
  const signRaw: TestIssuer['signRaw'] = (header, payload, kid) => {
    const signed = `${base64url(header)}.${base64url(payload)}`;
    return `${signed}.${keys.signatureOf(signed, kid).toString('base64url')}`;
  };
  const sign = (claims: object, { header, kid = keys.current }: MintOptions): string => {
    const whole = { alg: keys.get(kid).alg, typ: 'at+jwt', kid, ...header };
    // Members that are undefined are left out of what is written.
    return signRaw(JSON.stringify(whole), JSON.stringify(claims), kid);
  };
  const mint: Mint = {
    user: async (claims = {}, how = {}) => sign({ ...tokens.ofUser(), ...claims }, how),
    machine: async (claims = {}, how = {}) =>
      sign({ ...tokens.ofMachine(claims.sub), ...claims }, how),
  };
  const access = new DeclaredAccess({ issuer, keys, revocations, signRaw, now });
  if (config !== undefined) access.declare(config);

  return {
    issuer,
    audience,
    jwksUrl,
    revocations,
    ...createSignIns(mint, revocations, now),
    verifierOptions: () => {
      access.renew();
      const feed = revocations.feed();
      return { issuer, audience, jwksUrl, feed, fetch, ...(clock === undefined ? {} : { clock }) };
    },
    get kid() {
      return keys.current;
    },
    get jwksRequests() {
      return endpoints.keySetRequests;
    },
    mint: mint.user,
    mintMachine: mint.machine,
    signRaw,
    publicJwk: (kid) => keys.get(kid).jwk,
    rotate: async (alg) => {
      const kid = keys.rotate(alg);
      access.signAgain();
      return kid;
    },
    withdraw: (kid) => keys.withdraw(kid),
    declare: (mapping) => access.declare(mapping),
    [Symbol.asyncDispose]: endpoints.close,
  };
}

/** The claims of a valid token, before a test replaces any. */
class ClaimsOfTokens {
  readonly #issuer: string;
  readonly #audience: string;
  readonly #now: () => number;

  constructor(options: { issuer: string; audience: string; now: () => number }) {
    this.#issuer = options.issuer;
    this.#audience = options.audience;
    this.#now = options.now;
  }

  ofUser() {
    const common = this.#common();
    return {
      ...common,
      sub: newId('usr'),
      sid: newId('ses'),
      client_id: FIRST_PARTY_CLIENT,
      roles: [],
      auth_time: common.iat,
      amr: ['pwd'],
    };
  }

  ofMachine(client: string = 'cli_test') {
    return { ...this.#common(), sub: 'cli_test', client_id: client, scope: '' };
  }

  #common() {
    const iat = Math.floor(this.#now() / 1_000);
    const jti = newId('tok', this.#now());
    return {
      iss: this.#issuer,
      aud: this.#audience,
      iat,
      exp: iat + LIFE_SECONDS,
      jti,
      gen: 0,
      cgen: 0,
      igen: 0,
    };
  }
}

function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}

/**
 * The kinds of revocations: one table. What handles revocations is driven by it, or does not compile until it
 * knows every kind of it; what can be neither is held to it by tests that name the kind which it lacks.
 *
 * Invariants: a kind refuses what carries its key and, where it has a generation, has a lower one. No kind
 * lifts what another one refuses. The names and codes of kinds are on the wire and in databases: they are
 * never given to another meaning.
 */
import type { AccessTokenClaims } from './claims.ts';
import type { ClientId, ClientSubject, KeyId, SessionId, TokenId, UserId } from './ids.ts';

/** What keys look like: identifiers by their prefixes, and the one key of what there is once. */
interface KeyForms {
  ses: SessionId;
  tok: TokenId;
  usr: UserId;
  cli: ClientId;
  'cli/usr': ClientSubject;
  key: KeyId;
  issuer: 'issuer';
}

/** Where a token carries a key: in a claim or two, or in the `kid` of its header. */
type Carrier = 'sid' | 'jti' | 'sub' | 'client_id' | 'client_id/sub' | 'kid';

interface KindSpec {
  key: keyof KeyForms;
  /** Null: every token is one that it may refuse. */
  carrier: Carrier | null;
  /** The claim that is compared, which is 0 where it is absent; null: the key alone refuses. */
  generation: 'gen' | 'cgen' | 'csgen' | 'igen' | null;
  /** An entry is kept for the greatest life of a token and a margin, or for ever. */
  kept: 'token life' | 'for ever';
  /** What a refused token is answered with. `token_stale`: a refresh gives one that holds. */
  verdict: 'invalid_token' | 'token_stale';
  /**
   * Its block in a snapshot. `id`: entries of one length that begin with the 128 bits of their key, by the
   * million. `named`: entries with their key as text, few. The code is a byte of its own, and never 0.
   */
  snapshot: { code: number; form: 'id' | 'named' };
}

export const REVOCATION_KINDS = {
  session: {
    key: 'ses',
    carrier: 'sid',
    generation: null,
    kept: 'token life',
    verdict: 'invalid_token',
    snapshot: { code: 1, form: 'id' },
  },
  token: {
    key: 'tok',
    carrier: 'jti',
    generation: null,
    kept: 'token life',
    verdict: 'invalid_token',
    snapshot: { code: 2, form: 'id' },
  },
  subject: {
    key: 'usr',
    carrier: 'sub',
    generation: 'gen',
    kept: 'token life',
    verdict: 'invalid_token',
    snapshot: { code: 3, form: 'id' },
  },
  claims_changed: {
    key: 'usr',
    carrier: 'sub',
    generation: 'gen',
    kept: 'token life',
    verdict: 'token_stale',
    snapshot: { code: 4, form: 'id' },
  },
  client: {
    key: 'cli',
    carrier: 'client_id',
    generation: 'cgen',
    kept: 'token life',
    verdict: 'invalid_token',
    snapshot: { code: 5, form: 'named' },
  },
  client_subject: {
    key: 'cli/usr',
    carrier: 'client_id/sub',
    generation: 'csgen',
    kept: 'token life',
    verdict: 'invalid_token',
    snapshot: { code: 8, form: 'named' },
  },
  key: {
    key: 'key',
    carrier: 'kid',
    generation: null,
    kept: 'for ever',
    verdict: 'invalid_token',
    snapshot: { code: 6, form: 'named' },
  },
  issuer: {
    key: 'issuer',
    carrier: null,
    generation: 'igen',
    kept: 'for ever',
    verdict: 'invalid_token',
    snapshot: { code: 7, form: 'named' },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;

type Table = typeof REVOCATION_KINDS;

export type RevocationKind = keyof Table;

/** What a revocation of the kind says besides what all say: its key, and its generation where it has one. */
export type RevocationOf<K extends RevocationKind> = {
  kind: K;
  key: KeyForms[Table[K]['key']];
} & (Table[K]['generation'] extends null ? unknown : { generation: number });

/** The kinds whose blocks in a snapshot have this form. */
export type KindsOfForm<F extends KindSpec['snapshot']['form']> = {
  [K in RevocationKind]: Table[K]['snapshot']['form'] extends F ? K : never;
}[RevocationKind];

export function isRevocationKind(value: unknown): value is RevocationKind {
  return typeof value === 'string' && Object.hasOwn(REVOCATION_KINDS, value);
}

/** In the order of the table. */
export const REVOCATION_KIND_NAMES: readonly RevocationKind[] =
  Object.keys(REVOCATION_KINDS).filter(isRevocationKind);

const KEYS_CARRIED: Readonly<
  Record<Carrier, (claims: AccessTokenClaims, kid: string) => string | undefined>
> = {
  sid: ({ sid }) => sid,
  jti: ({ jti }) => jti,
  sub: ({ sub }) => sub,
  client_id: (claims) => claims.client_id,
  // A machine's token is held for no user.
  'client_id/sub': ({ sid, client_id, sub }) =>
    sid === undefined ? undefined : `${client_id}/${sub}`,
  kid: (_claims, kid) => kid,
};

const CARRIERS = new Set(
  REVOCATION_KIND_NAMES.flatMap((kind) => REVOCATION_KINDS[kind].carrier ?? []),
);

/**
 * By which keys a token can be revoked, those that every token is revoked by apart. Keys tell their kind by
 * their form, so that one index may serve them all.
 *
 * @param kid of the key that has signed it
 */
export function keysOfToken(claims: AccessTokenClaims, kid: string): string[] {
  return [...CARRIERS].flatMap((carrier) => KEYS_CARRIED[carrier](claims, kid) ?? []);
}

/**
 * By which key revocations of a kind name this token.
 *
 * @param kid of the key that has signed it
 * @returns undefined where it has none: a machine's token has no session
 */
export function keyOfToken(
  kind: RevocationKind,
  claims: AccessTokenClaims,
  kid: string,
): string | undefined {
  const { carrier } = REVOCATION_KINDS[kind];
  return carrier === null ? 'issuer' : KEYS_CARRIED[carrier](claims, kid);
}

/**
 * Whether a revocation refuses a token: the meaning of the table, for whatever is not in a hurry. The ledger
 * of a verifier says the same, written out.
 *
 * @param kid of the key that has signed it
 */
export function refuses(
  revocation: { kind: RevocationKind; key: string; generation?: number },
  claims: AccessTokenClaims,
  kid: string,
): boolean {
  const { carrier, generation } = REVOCATION_KINDS[revocation.kind];
  if (carrier !== null && KEYS_CARRIED[carrier](claims, kid) !== revocation.key) return false;
  // A revocation whose generation got lost refuses more, not less.
  return (
    generation === null ||
    (claims[generation] ?? 0) < (revocation.generation ?? Number.POSITIVE_INFINITY)
  );
}

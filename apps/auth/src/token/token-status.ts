/**
 * Whether a token still holds, asked of Postgres in one statement: the issuer's own check. It is
 * never stale, and so this service is not counted among the verifiers of a receipt.
 */
import {
  isUserClaims,
  type EventId,
  type MachineClaims,
  type RefusalReason,
  type RevocationKind,
  type UserClaims,
} from '@portcullis/contracts';
import { and, eq, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import {
  clients,
  issuer,
  revocationLog,
  sessions,
  signingKeys,
  users,
} from '../database/schema/index.ts';
import { databaseNow, requiredClientSubjectGeneration } from './mint.ts';
import type { ReadToken } from './read-token.ts';

/** Seconds for which a token may be from the future: the database may have failed over. */
const SKEW_SECONDS = 5;

export type TokenStatus = { holds: true } | Inactive;

export interface Inactive {
  holds: false;
  /** `token_stale`: the session lives, and a refresh gives a token that holds. */
  code: 'invalid_token' | 'token_stale';
  reason: RefusalReason;
  /** The same for the log, and more. */
  message: string;
  /**
   * Whether the token was good apart from revocations since. Such a token may still log out, and
   * nothing else.
   */
  mayLogOut: boolean;
  /** What ended its session, where that is over. */
  endedBy: EventId | null;
}

export type TokenStatusOf = (token: ReadToken) => Promise<TokenStatus>;

export function createTokenStatusOf(database: Database): TokenStatusOf {
  const statusOfUserToken = createStatusOfUserToken(database);
  const statusOfClientToken = createStatusOfClientToken(database);
  return async ({ claims, kid }) =>
    isUserClaims(claims)
      ? await statusOfUserToken(claims, kid)
      : await statusOfClientToken(claims, kid);
}

const inactive = (reason: RefusalReason, message: string): Inactive => ({
  holds: false,
  code: 'invalid_token',
  reason,
  message,
  mayLogOut: false,
  endedBy: null,
});

/**
 * What decides for every token. The row is absent when the key, the client or the session is. Whether this very token
 * was revoked (RFC 7009), its entry in the log says, which outlives it.
 */
const everyToken = {
  now: databaseNow,
  keyKilledAt: signingKeys.killedAt,
  tokenRevoked: sql<boolean>`exists (
    select 1 from ${revocationLog}
    where ${revocationLog.kind} = 'token' and ${revocationLog.key} = ${sql.placeholder('jti')})`,
  issuerGeneration: issuer.generation,
  clientGeneration: clients.generation,
  clientDisabledAt: clients.disabledAt,
};

interface EveryRow {
  now: number;
  keyKilledAt: Date | null;
  tokenRevoked: boolean;
  issuerGeneration: number;
  clientGeneration: number;
  clientDisabledAt: Date | null;
}

/** @returns what a revocation of one kind has done to a token; undefined: nothing */
type Check<Claims, Row> = (claims: Claims, row: Row) => Inactive | undefined;

/**
 * One check for each kind of revocation, in the order in which they are made: a kind of the table that is missing
 * here does not compile.
 */
type Checks<Claims, Row> = Readonly<Record<RevocationKind, Check<Claims, Row>>>;

/** Of the kinds that are the same for every token. */
const EVERY_CHECK = {
  key: (_claims: unknown, row) =>
    row.keyKilledAt === null ? undefined : inactive('key_killed', 'the key was killed'),
  token: (_claims: unknown, row) =>
    row.tokenRevoked ? inactive('token_revoked', 'token revoked') : undefined,
  issuer: ({ igen }: { igen: number }, row) =>
    igen < row.issuerGeneration
      ? inactive('issuer_revoked', 'issued before a revocation of the issuer')
      : undefined,
  client: ({ cgen }: { cgen: number }, row) => {
    if (cgen < row.clientGeneration)
      return inactive('client_revoked', 'issued before a revocation of the client');
    return row.clientDisabledAt === null
      ? undefined
      : inactive('client_revoked', 'the client is disabled');
  },
} satisfies Partial<Checks<never, EveryRow>>;

interface UserRow extends EveryRow {
  status: 'active' | 'disabled' | 'deleted';
  generation: number;
  endedAt: Date | null;
  endedBy: EventId | null;
  /** The least that holds; 0 where nothing was ended. */
  requiredClientSubjectGeneration: number;
}

const USER_CHECKS: Checks<UserClaims, UserRow> = {
  ...EVERY_CHECK,
  session: (_claims, { endedAt, endedBy }) =>
    endedAt === null
      ? undefined
      : { ...inactive('session_revoked', 'the session has ended'), mayLogOut: true, endedBy },
  // It has ended the sessions too (`revokeClientAccess`), and says so of a token that is not the session's last.
  client_subject: ({ csgen = 0 }, row) =>
    csgen < row.requiredClientSubjectGeneration
      ? inactive('client_subject_revoked', 'issued before a revocation of what its client holds')
      : undefined,
  // A cut that is final has ended the session too (`revokeAccess`).
  subject: (_claims, { status }) =>
    status === 'active' ? undefined : inactive('subject_revoked', 'the account is not active'),
  claims_changed: ({ gen }, { generation }) =>
    gen < generation
      ? { ...inactive('claims_changed', 'outdated claims'), code: 'token_stale', mayLogOut: true }
      : undefined,
};

function createStatusOfUserToken(database: Database) {
  const session = database
    .select({
      ...everyToken,
      status: users.status,
      generation: users.generation,
      endedAt: sessions.endedAt,
      endedBy: sessions.endedBy,
      requiredClientSubjectGeneration: requiredClientSubjectGeneration(
        sessions.clientId,
        sessions.userId,
      ),
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(clients, eq(clients.id, sessions.clientId))
    .innerJoin(signingKeys, eq(signingKeys.kid, sql.placeholder('kid')))
    .crossJoin(issuer)
    .where(
      and(
        eq(sessions.id, sql.placeholder('sid')),
        eq(sessions.userId, sql.placeholder('sub')),
        eq(sessions.clientId, sql.placeholder('client_id')),
      ),
    )
    .prepare('status_of_user_token');

  return async (claims: UserClaims, kid: string): Promise<TokenStatus> => {
    const { jti, sid, sub, client_id } = claims;
    const [row] = await session.execute({ kid, jti, sid, sub, client_id });
    if (row === undefined) return inactive('session_revoked', 'no such key or session');
    return statusOf(USER_CHECKS, claims, row);
  };
}

interface ClientRow extends EveryRow {
  secretHash: Buffer | null;
  jwks: unknown;
}

const CLIENT_CHECKS: Checks<MachineClaims, ClientRow> = {
  ...EVERY_CHECK,
  // The client is its own subject, and so has one generation.
  subject: ({ gen }, { clientGeneration, secretHash, jwks }) => {
    if (secretHash === null && jwks === null)
      return inactive('client_revoked', 'the client has no tokens of its own');
    return gen < clientGeneration
      ? inactive('client_revoked', 'issued before a revocation')
      : undefined;
  },
  // What a client's token does not have, or what nothing changes.
  session: () => undefined,
  claims_changed: () => undefined,
  client_subject: () => undefined,
};

function createStatusOfClientToken(database: Database) {
  const client = database
    .select({ ...everyToken, secretHash: clients.secretHash, jwks: clients.jwks })
    .from(clients)
    .innerJoin(signingKeys, eq(signingKeys.kid, sql.placeholder('kid')))
    .crossJoin(issuer)
    .where(eq(clients.id, sql.placeholder('client_id')))
    .prepare('status_of_client_token');

  return async (claims: MachineClaims, kid: string): Promise<TokenStatus> => {
    const { jti, client_id } = claims;
    const [row] = await client.execute({ kid, jti, client_id });
    if (row === undefined) return inactive('client_revoked', 'no such key or client');
    return statusOf(CLIENT_CHECKS, claims, row);
  };
}

function statusOf<Claims extends Times, Row extends EveryRow>(
  checks: Checks<Claims, Row>,
  claims: Claims,
  row: Row,
): TokenStatus {
  const problem = problemOfTime(claims, row.now);
  if (problem !== undefined) return problem;
  for (const check of Object.values(checks)) {
    const refused = check(claims, row);
    if (refused !== undefined) return refused;
  }
  return { holds: true };
}

interface Times {
  exp: number;
  iat: number;
  nbf?: number | undefined;
}

function problemOfTime({ exp, iat, nbf }: Times, now: number): Inactive | undefined {
  if (exp <= now) return inactive('expired', 'expired');
  if (Math.max(iat, nbf ?? iat) > now + SKEW_SECONDS) {
    return inactive('not_valid_yet', 'issued in the future');
  }
  return undefined;
}

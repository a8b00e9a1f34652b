/**
 * Whether a token still holds, asked of Postgres in one statement: the issuer's own check. It is
 * never stale, and so this service is not counted among the verifiers of a receipt.
 */
import {
  isUserClaims,
  type EventId,
  type MachineClaims,
  type TokenId,
  type UserClaims,
} from '@portcullis/contracts';
import { keyId } from '@portcullis/contracts/schemas';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import {
  clients,
  issuer,
  revocationLog,
  sessions,
  signingKeys,
  users,
} from '../database/schema/index.ts';
import { databaseNow } from './mint.ts';
import type { ReadToken } from './read-token.ts';

/** Seconds for which a token may be from the future: the database may have failed over. */
const SKEW_SECONDS = 5;

export type TokenStatus = { holds: true } | Inactive;

export interface Inactive {
  holds: false;
  /** `token_stale`: the session lives, and a refresh gives a token that holds. */
  code: 'invalid_token' | 'token_stale';
  reason: string;
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
  return async ({ claims, kid }) =>
    isUserClaims(claims)
      ? await statusOfUserToken(database, claims, kid)
      : await statusOfClientToken(database, claims, kid);
}

const inactive = (reason: string): Inactive => ({
  holds: false,
  code: 'invalid_token',
  reason,
  mayLogOut: false,
  endedBy: null,
});

/** What decides for every token. The row is absent when the key, the client or the session is. */
const everyToken = {
  now: databaseNow,
  issuerGeneration: issuer.generation,
  clientGeneration: clients.generation,
  clientDisabledAt: clients.disabledAt,
};

/** Whether this very token was revoked (RFC 7009). Its entry in the log outlives the token. */
const tokenRevoked = ({ jti }: { jti: TokenId }) => sql<boolean>`exists (
  select 1 from ${revocationLog}
  where ${revocationLog.kind} = 'token' and ${revocationLog.key} = ${jti})`;

async function statusOfUserToken(
  database: Database,
  claims: UserClaims,
  kid: string,
): Promise<TokenStatus> {
  const [row] = await database
    .select({
      ...everyToken,
      tokenRevoked: tokenRevoked(claims),
      status: users.status,
      generation: users.generation,
      endedAt: sessions.endedAt,
      endedBy: sessions.endedBy,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(clients, eq(clients.id, sessions.clientId))
    .innerJoin(signingKeys, usableKey(kid))
    .crossJoin(issuer)
    .where(
      and(
        eq(sessions.id, claims.sid),
        eq(sessions.userId, claims.sub),
        eq(sessions.clientId, claims.client_id),
      ),
    );
  if (row === undefined) return inactive('no such key or session');
  const problem = problemOfTime(claims, row.now) ?? problemOfIssue(claims, row);
  if (problem !== undefined) return inactive(problem);
  if (row.endedAt !== null) {
    return { ...inactive('the session has ended'), mayLogOut: true, endedBy: row.endedBy };
  }
  if (row.status !== 'active') return inactive('the account is not active');
  if (claims.gen < row.generation) {
    // A cut that is final has ended the session too (`revokeAccess`).
    return { ...inactive('outdated claims'), code: 'token_stale', mayLogOut: true };
  }
  return { holds: true };
}

async function statusOfClientToken(
  database: Database,
  claims: MachineClaims,
  kid: string,
): Promise<TokenStatus> {
  const [row] = await database
    .select({
      ...everyToken,
      tokenRevoked: tokenRevoked(claims),
      secretHash: clients.secretHash,
      jwks: clients.jwks,
    })
    .from(clients)
    .innerJoin(signingKeys, usableKey(kid))
    .crossJoin(issuer)
    .where(eq(clients.id, claims.client_id));
  if (row === undefined) return inactive('no such key or client');
  const problem = problemOfTime(claims, row.now) ?? problemOfIssue(claims, row);
  if (problem !== undefined) return inactive(problem);
  if (row.secretHash === null && row.jwks === null) {
    return inactive('the client has no tokens of its own');
  }
  return claims.gen < row.clientGeneration
    ? inactive('issued before a revocation')
    : { holds: true };
}

function usableKey(kid: string) {
  // The ring has found it, so it is the name of a key; Postgres says whether it was killed since.
  return and(eq(signingKeys.kid, keyId.parse(kid)), isNull(signingKeys.killedAt));
}

function problemOfTime(
  { exp, iat, nbf }: { exp: number; iat: number; nbf?: number | undefined },
  now: number,
): string | undefined {
  if (exp <= now) return 'expired';
  if (Math.max(iat, nbf ?? iat) > now + SKEW_SECONDS) return 'issued in the future';
  return undefined;
}

function problemOfIssue(
  claims: { cgen: number; igen: number },
  row: {
    tokenRevoked: boolean;
    issuerGeneration: number;
    clientGeneration: number;
    clientDisabledAt: Date | null;
  },
): string | undefined {
  if (row.tokenRevoked) return 'token revoked';
  if (claims.igen < row.issuerGeneration) return 'issued before a revocation of the issuer';
  if (claims.cgen < row.clientGeneration) return 'issued before a revocation of the client';
  if (row.clientDisabledAt !== null) return 'the client is disabled';
  return undefined;
}

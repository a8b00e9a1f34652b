/**
 * Revokes one token on its client's request (RFC 7009): an access token by its own cut, a refresh token
 * with its session, and so with all tokens that came of it (section 2.1).
 *
 * Invariants: effective everywhere by the log, as every revocation is; a client revokes its own tokens
 * and no other's; what is no token, or has expired, is answered like a revoked token (section 2.2). The
 * holder of a refresh token of a session may end it, also by a used one: to replay that would do the
 * same.
 */
import type { RequestContext } from '@portcullis/api';
import {
  Refusal,
  type AccessTokenClaims,
  type ClientId,
  type Receipt,
  type TokenId,
} from '@portcullis/contracts';
import { and, eq, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { issuer, revocationLog, sessions } from '../database/schema/index.ts';
import { causeOf } from '../change/cause.ts';
import type { Change, WithChange } from '../change/unit-of-work.ts';
import type { Receipts } from '../revocation/receipts.ts';
import { endSession, type Ended } from '../session/end-sessions.ts';
import { lockOwner } from '../users/lock-user.ts';
import type { RefreshToken, RefreshTokens } from '../session/refresh-token.ts';
import { databaseNow } from '../token/mint.ts';
import type { ReadTokenOf } from '../token/read-token.ts';

export interface RevokeTokenDependencies {
  database: Database;
  withChange: WithChange;
  receipts: Receipts;
  refreshTokens: Pick<RefreshTokens, 'read'>;
  /** For tokens of any audience. */
  readToken: ReadTokenOf;
}

/** The token was issued to another client than the one that asks. */
export class ClientMismatch extends Error {
  override readonly name = 'ClientMismatch';
}

export interface TokenRevocation {
  token: string;
  client: ClientId;
  /** Milliseconds to wait for confirmations. */
  wait: number;
}

/**
 * @returns the receipt; null when there was nothing to take back
 * @throws ClientMismatch
 */
export type RevokeToken = (
  request: RequestContext,
  revocation: TokenRevocation,
) => Promise<Receipt | null>;

export function createRevokeToken(dependencies: RevokeTokenDependencies): RevokeToken {
  const { withChange, receipts, refreshTokens } = dependencies;

  return async (request, { token, client, wait }) => {
    const cause = causeOf(request, { kind: 'client', id: client });
    const refreshToken = refreshTokens.read(token);
    const work =
      refreshToken === null
        ? await prepareTokenRevocation(dependencies, token, client)
        : await prepareSessionEnd(dependencies, refreshToken, client);
    if (work === null) return null;
    const { result, revocations } = await withChange(cause, work);
    if (result === null) return null;
    return 'before' in result
      ? await receipts.again(result.before, wait)
      : await receipts.collect(revocations, wait);
  };
}

/** What ends, or cuts, in the transaction of a change; null: there is nothing to end. */
type Work = ((change: Change) => Promise<Ended>) | null;

async function prepareSessionEnd(
  { database }: Pick<RevokeTokenDependencies, 'database'>,
  { sessionId: id }: RefreshToken,
  client: ClientId,
): Promise<Work> {
  const [session] = await database
    .select({ owner: sessions.userId, clientId: sessions.clientId })
    .from(sessions)
    .where(eq(sessions.id, id));
  if (session === undefined) return null;
  if (session.clientId !== client) throw new ClientMismatch();
  return async (change) => {
    await lockOwner(change, session.owner);
    const ended = await endSession(change, id, session.owner, 'token_revoked');
    await change.audit({
      action: 'session.revoked',
      target: { kind: 'session', id },
      detail: { changed: ended !== null && 'now' in ended },
    });
    return ended;
  };
}

async function prepareTokenRevocation(
  { database, readToken }: Pick<RevokeTokenDependencies, 'database' | 'readToken'>,
  text: string,
  client: ClientId,
): Promise<Work> {
  const claims = await claimsIfOurs(readToken, text);
  if (claims === null) return null;
  if (claims.client_id !== client) throw new ClientMismatch();
  const { jti, exp } = claims;
  const [clock] = await database.select({ now: databaseNow }).from(issuer);
  if (clock === undefined || exp <= clock.now) return null;
  return async (change) => {
    if (claims.sid !== undefined) await lockOwner(change, claims.sub);
    const ended = await revokeAccessToken(change, jti);
    await change.audit({
      action: 'token.revoked',
      // A user's by its session, with which its owner is found, and what is kept about them.
      target:
        claims.sid === undefined ? { kind: 'token', id: jti } : { kind: 'session', id: claims.sid },
      detail: { token: jti, changed: 'now' in ended },
    });
    return ended;
  };
}

/** @returns null for any text that is not a token of ours */
async function claimsIfOurs(
  readToken: ReadTokenOf,
  text: string,
): Promise<AccessTokenClaims | null> {
  try {
    return (await readToken(text)).claims;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_token') return null;
    throw error;
  }
}

/** There is no row of its own that could be locked; so its name is, and one event is made. */
async function revokeAccessToken(
  { tx, revoke }: Change,
  jti: TokenId,
): Promise<NonNullable<Ended>> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${jti}, 0))`);
  const [before] = await tx
    .select({ id: revocationLog.id })
    .from(revocationLog)
    .where(and(eq(revocationLog.kind, 'token'), eq(revocationLog.key, jti)))
    .limit(1);
  if (before !== undefined) return { before: before.id };
  return { now: await revoke({ kind: 'token', key: jti }, 'token_revoked') };
}

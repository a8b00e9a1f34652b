import {
  FIRST_PARTY_CLIENT,
  newId,
  Refusal,
  type ClientId,
  type SessionId,
} from '@portcullis/contracts';
import type { RequestContext } from '@portcullis/api';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { clients, issuer, sessions } from '../postgres/schema/index.ts';
import type { Change } from '../revocation/change.ts';
import { tokenFacts, type TokenFacts } from '../token/mint.ts';
import { endOldestSessions } from './end-sessions.ts';
import { MAX_USER_AGENT, type SessionLimits } from './lifetimes.ts';
import type { RefreshToken, RefreshTokens } from './refresh-token.ts';
import type { LockedUser } from './lock-user.ts';

export interface OpenedSession {
  id: SessionId;
  client: ClientId;
  amr: string[];
  refreshToken: RefreshToken;
  authTime: number;
  expiresAt: number;
  facts: TokenFacts;
}

/**
 * Opens a session for a person who has just proved who they are. The caller holds the lock on the
 * user's row, so that nothing can end the account's access in between, and no two open the last one
 * that is allowed.
 */
export async function openSession(
  change: Change,
  refreshTokens: RefreshTokens,
  user: LockedUser,
  request: RequestContext,
  { amr, jkt, limits }: { amr: string[]; jkt: string | undefined; limits: SessionLimits },
): Promise<OpenedSession> {
  const { tx } = change;
  const ended = await endOldestSessions(change, user.id, limits.most - 1);
  if (ended.length > 0) {
    await change.audit({
      action: 'session.oldest-ended',
      target: { kind: 'user', id: user.id },
      detail: { sessions: ended, limit: limits.most },
    });
  }
  const id = newId('ses');
  const refreshToken = refreshTokens.first(id);
  const [row] = await tx
    .insert(sessions)
    .values({
      id,
      userId: user.id,
      clientId: FIRST_PARTY_CLIENT,
      refreshHash: refreshToken.hash,
      dpopJkt: jkt ?? null,
      userAgent: request.userAgent?.slice(0, MAX_USER_AGENT) ?? null,
      address: request.address,
      amr,
      authTime: sql`clock_timestamp()`,
      idleExpiresAt: sql`clock_timestamp() + make_interval(secs => ${limits.idleSeconds})`,
      expiresAt: sql`clock_timestamp() + make_interval(secs => ${limits.absoluteSeconds})`,
    })
    .returning({ authTime: sessions.authTime, expiresAt: sessions.expiresAt });
  const [facts] = await tx
    .select(tokenFacts)
    .from(clients)
    .crossJoin(issuer)
    .where(and(eq(clients.id, FIRST_PARTY_CLIENT), isNull(clients.disabledAt)));
  if (row === undefined) throw new Error('the session was not inserted');
  if (facts === undefined) {
    throw new Refusal('unavailable', { cause: new Error('the first-party client is not there') });
  }
  return {
    id,
    client: FIRST_PARTY_CLIENT,
    amr,
    refreshToken,
    authTime: row.authTime.getTime() / 1_000,
    expiresAt: row.expiresAt.getTime() / 1_000,
    facts,
  };
}

import {
  FIRST_PARTY_CLIENT,
  newId,
  Refusal,
  type ClientId,
  type SessionId,
  type UserId,
} from '@portcullis/contracts';
import type { RequestContext } from '@portcullis/api';
import { sql } from 'drizzle-orm';
import { sessions } from '../postgres/schema/index.ts';
import type { Change } from '../revocation/change.ts';
import { tokenFactsOf, type TokenFacts } from '../token/mint.ts';
import { endSession, sessionsBeyond } from './end-sessions.ts';
import { MAX_USER_AGENT, type SessionLimits } from './lifetimes.ts';
import type { RefreshToken, RefreshTokens } from './refresh-token.ts';

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
 * Opens a session for a person who has just proved who they are, and ends the one that is too many.
 * The caller holds the lock on the user's row, so that nothing can end the account's access in between,
 * and no two open the last one that is allowed.
 */
export async function openSession(
  change: Change,
  refreshTokens: RefreshTokens,
  user: UserId,
  request: RequestContext,
  { amr, jkt, limits }: { amr: string[]; jkt: string | undefined; limits: SessionLimits },
): Promise<OpenedSession> {
  const { tx } = change;
  const id = newId('ses');
  const refreshToken = refreshTokens.first(id);
  // Sent together: PostgreSQL does one after the other, and the way to it is gone once.
  const [[row], beyond] = await Promise.all([
    tx
      .insert(sessions)
      .values({
        id,
        userId: user,
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
      .returning({
        authTime: sessions.authTime,
        expiresAt: sessions.expiresAt,
        ...tokenFactsOf(FIRST_PARTY_CLIENT),
      }),
    sessionsBeyond(tx, user, id, limits.most),
    change.audit({
      action: 'session.logged-in',
      target: { kind: 'session', id },
      detail: { amr },
    }),
  ]);
  if (row === undefined) throw new Error('the session was not inserted');
  const { authTime, expiresAt, clientGeneration, ...facts } = row;
  if (clientGeneration === null) {
    throw new Refusal('unavailable', { cause: new Error('the first-party client is not there') });
  }
  await endAll(change, user, beyond, limits);
  return {
    id,
    client: FIRST_PARTY_CLIENT,
    amr,
    refreshToken,
    authTime: authTime.getTime() / 1_000,
    expiresAt: expiresAt.getTime() / 1_000,
    facts: { ...facts, clientGeneration },
  };
}

async function endAll(
  change: Change,
  user: UserId,
  beyond: SessionId[],
  limits: SessionLimits,
): Promise<void> {
  if (beyond.length === 0) return;
  for (const id of beyond) await endSession(change, id, user, 'session_ended');
  await change.audit({
    action: 'session.oldest-ended',
    target: { kind: 'user', id: user },
    detail: { sessions: beyond, limit: limits.most },
  });
}

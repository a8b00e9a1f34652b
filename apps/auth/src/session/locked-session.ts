/** What is read of a session under the locks of its user's row and its own, and what a refresh writes to it. */
import { and, eq, sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { clients, issuer, sessions, users } from '../database/schema/index.ts';
import { clientSubjectGeneration, tokenFacts } from '../token/mint.ts';
import type { RefreshToken } from './refresh-token.ts';

export type LockedSession = NonNullable<Awaited<ReturnType<typeof lockSession>>>;

/** The user's row first, then the session's. @returns undefined where there is no such session */
export async function lockSession(tx: Transaction, token: RefreshToken) {
  await tx
    .select({ id: users.id })
    .from(users)
    .where(sql`${users.id} = (select user_id from sessions where id = ${token.sessionId})`)
    .for('share');
  const [row] = await tx
    .select({
      ...tokenFacts,
      userId: sessions.userId,
      clientId: sessions.clientId,
      refreshHash: sessions.refreshHash,
      previousRefreshHash: sessions.previousRefreshHash,
      secondsSinceRotation: sql<
        number | null
      >`extract(epoch from clock_timestamp() - ${sessions.rotatedAt})::float8`,
      dpopJkt: sessions.dpopJkt,
      boundByHash: sessions.boundByHash,
      userAgent: sessions.userAgent,
      authTime: sessions.authTime,
      amr: sessions.amr,
      acr: sessions.acr,
      expiresAt: sessions.expiresAt,
      over: sql<boolean>`least(${sessions.idleExpiresAt}, ${sessions.expiresAt}) <= clock_timestamp()`,
      endedAt: sessions.endedAt,
      status: users.status,
      generation: users.generation,
      clientSubjectGeneration: clientSubjectGeneration(sessions.clientId, sessions.userId),
      roles: users.roles,
      clientDisabledAt: clients.disabledAt,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(clients, eq(clients.id, sessions.clientId))
    .crossJoin(issuer)
    .where(eq(sessions.id, token.sessionId))
    .for('update', { of: sessions });
  return row;
}

export async function rotate(
  tx: Transaction,
  token: RefreshToken,
  successor: RefreshToken,
  use: { userAgent: string | null; address: string; idleSeconds: number },
): Promise<void> {
  const { userAgent, address, idleSeconds } = use;
  const rotated = await tx
    .update(sessions)
    .set({
      refreshHash: successor.hash,
      previousRefreshHash: token.hash,
      rotatedAt: sql`clock_timestamp()`,
      rotations: sql`${sessions.rotations} + 1`,
      lastUsedAt: sql`clock_timestamp()`,
      idleExpiresAt: sql`clock_timestamp() + make_interval(secs => ${idleSeconds})`,
      userAgent,
      address,
    })
    .where(and(eq(sessions.id, token.sessionId), eq(sessions.refreshHash, token.hash)))
    .returning({ id: sessions.id });
  if (rotated.length !== 1) throw new Error('a session changed under its lock');
}

/** A refresh token that is given to a public client for a proof is bound to its key (RFC 9449 section 5). */
export async function bindTo(
  tx: Transaction,
  row: LockedSession,
  token: RefreshToken,
  jkt: string | undefined,
): Promise<void> {
  if (jkt === undefined || row.dpopJkt !== null) return;
  await tx
    .update(sessions)
    .set({ dpopJkt: jkt, boundByHash: token.hash })
    .where(eq(sessions.id, token.sessionId));
}

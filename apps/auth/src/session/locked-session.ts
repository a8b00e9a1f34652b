/** What is read of a session under the locks of its user's row and its own, and what a refresh writes to it. */
import { eq, sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { clients, issuer, sessions, users } from '../database/schema/index.ts';
import { valuesOf, type Offer } from './offer.ts';
import type { RefreshToken } from './refresh-token.ts';
import { granted, isOffered, rotated } from './rotate-statement.ts';

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
      ...granted,
      refreshHash: sessions.refreshHash,
      previousRefreshHash: sessions.previousRefreshHash,
      secondsSinceRotation: sql<
        number | null
      >`extract(epoch from clock_timestamp() - ${sessions.rotatedAt})::float8`,
      dpopJkt: sessions.dpopJkt,
      boundByHash: sessions.boundByHash,
      userAgent: sessions.userAgent,
      over: sql<boolean>`least(${sessions.idleExpiresAt}, ${sessions.expiresAt}) <= clock_timestamp()`,
      endedAt: sessions.endedAt,
      status: users.status,
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

export async function rotate(tx: Transaction, offer: Offer, idleSeconds: number): Promise<void> {
  const written = await tx
    .update(sessions)
    .set(rotated(idleSeconds))
    .where(isOffered)
    .returning({ id: sessions.id })
    .prepare('rotate_locked')
    .execute(valuesOf(offer));
  if (written.length !== 1) throw new Error('a session changed under its lock');
}

/** A refresh token that is given to a public client for a proof is bound to its key (RFC 9449 section 5). */
export async function bindTo(
  tx: Transaction,
  row: LockedSession,
  { token, jkt }: Offer,
): Promise<void> {
  if (jkt === undefined || row.dpopJkt !== null) return;
  await tx
    .update(sessions)
    .set({ dpopJkt: jkt, boundByHash: token.hash })
    .where(eq(sessions.id, token.sessionId));
}

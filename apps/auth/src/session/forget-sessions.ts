/**
 * Forgets sessions whose time has been over for a month, however they ended: the device, the address, the
 * hashes of their tokens.
 *
 * Invariant: nothing is forgotten that could still be asked about. A session cannot be used beyond its
 * `expires_at`, which stands since the login; no access token lives, and no receipt is given out again,
 * for more than two hours after that. The audit trail keeps that it was.
 *
 * With them go logins that have waited too long for another step, authenticator apps that were never confirmed, and
 * authorization codes a day after they have expired: until then a second use is noticed.
 *
 * Safe with several instances: each passes over rows that another one holds.
 */
import { and, count, eq, inArray, isNull, lte, notExists, sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import {
  auditLog,
  auditOrigins,
  authorizationCodes,
  loginChallenges,
  sessions,
  totpFactors,
  users,
} from '../database/schema/index.ts';

const KEPT = sql`interval '30 days'`;
/** Longer than an enrolment waits for its code (factor/enrol-totp.ts). */
const ENROLMENT_KEPT = sql`interval '1 day'`;
/** A short transaction each. */
const AT_ONCE = 500;

/**
 * Some hundred of those that are due; once no more sessions are, some hundred challenges, then enrolments, then codes.
 *
 * @returns whether there may be more
 */
export async function forgetSessions(tx: Transaction): Promise<boolean> {
  return (
    (await forgetSome(tx)) ||
    (await forgetSomeChallenges(tx)) ||
    (await forgetSomeEnrolments(tx)) ||
    (await forgetSomeCodes(tx))
  );
}

/** @returns whether there may be more */
async function forgetSomeChallenges(tx: Transaction): Promise<boolean> {
  const due = tx
    .select({ tokenHash: loginChallenges.tokenHash })
    .from(loginChallenges)
    .where(lte(loginChallenges.expiresAt, sql`clock_timestamp()`))
    .limit(AT_ONCE)
    .for('update', { skipLocked: true });
  const gone = await tx
    .delete(loginChallenges)
    .where(inArray(loginChallenges.tokenHash, due))
    .returning({ tokenHash: loginChallenges.tokenHash });
  return gone.length === AT_ONCE;
}

/** @returns whether there may be more */
async function forgetSomeEnrolments(tx: Transaction): Promise<boolean> {
  const isPending = and(
    isNull(totpFactors.confirmedAt),
    lte(totpFactors.createdAt, sql`clock_timestamp() - ${ENROLMENT_KEPT}`),
  );
  const due = tx
    .select({ userId: totpFactors.userId })
    .from(totpFactors)
    .where(isPending)
    .limit(AT_ONCE)
    .for('update', { skipLocked: true });
  const gone = await tx
    .delete(totpFactors)
    .where(and(inArray(totpFactors.userId, due), isPending))
    .returning({ userId: totpFactors.userId });
  return gone.length === AT_ONCE;
}

/** @returns whether there may be more */
async function forgetSomeCodes(tx: Transaction): Promise<boolean> {
  const due = tx
    .select({ codeHash: authorizationCodes.codeHash })
    .from(authorizationCodes)
    .where(lte(authorizationCodes.expiresAt, sql`clock_timestamp() - interval '1 day'`))
    .limit(AT_ONCE)
    .for('update', { skipLocked: true });
  const gone = await tx
    .delete(authorizationCodes)
    .where(inArray(authorizationCodes.codeHash, due))
    .returning({ codeHash: authorizationCodes.codeHash });
  return gone.length === AT_ONCE;
}

/** One statement. @returns whether there may be more */
async function forgetSome(tx: Transaction): Promise<boolean> {
  const due = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(lte(sessions.expiresAt, sql`clock_timestamp() - ${KEPT}`))
    .limit(AT_ONCE)
    .for('update', { skipLocked: true });
  const gone = tx
    .$with('gone')
    .as(tx.delete(sessions).where(inArray(sessions.id, due)).returning({ id: sessions.id }));
  // With the session goes its user's id, and so the only way to forget the origin of an action by an
  // actor without an account, who may have been its owner (account/delete-account.ts).
  const account = tx.select({ id: users.id }).from(users).where(eq(users.id, auditLog.actorId));
  const touched = tx
    .select({ origin: auditLog.origin })
    .from(auditLog)
    .innerJoin(gone, eq(auditLog.targetId, gone.id))
    .where(notExists(account));
  const forgotten = tx
    .$with('forgotten')
    .as(tx.delete(auditOrigins).where(inArray(auditOrigins.commitment, touched)));
  const [row] = await tx.with(gone, forgotten).select({ gone: count() }).from(gone);
  return row?.gone === AT_ONCE;
}

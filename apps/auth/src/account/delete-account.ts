import type { UserId } from '@portcullis/contracts';
import { and, eq, inArray, notExists, or, sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import {
  accountEvents,
  auditLog,
  auditOrigins,
  authorizationCodes,
  clientSubjects,
  links,
  loginChallenges,
  mails,
  recoveryCodes,
  sessions,
  totpFactors,
  users,
} from '../database/schema/index.ts';
import type { Change } from '../change/unit-of-work.ts';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import { revokeAccess } from '../session/revoke-access.ts';

type UserRow = typeof users.$inferSelect;

/**
 * Deletes an account, whose row is held. What is left is a tombstone without personal data: the id, so
 * that the audit trail means something, and the generation, so that no old token ever holds again. The
 * audit row is the caller's.
 */
export async function deleteAccount(change: Change, id: UserId): Promise<UserRow> {
  const { tx } = change;
  const after = await revokeAccess(change, id, 'sessions', 'account_deleted', {
    status: 'deleted',
    ...NEXT_CREDENTIAL,
    email: null,
    emailKey: null,
    name: null,
    passwordHash: null,
    roles: [],
    emailVerifiedAt: null,
    lastLoginAt: null,
  });
  await tx.update(sessions).set({ userAgent: null, address: null }).where(eq(sessions.userId, id));
  await forgetOrigins(tx, id);
  // They hold the name and the address. A consumer that never gets them gets the deletion.
  await tx
    .delete(accountEvents)
    .where(
      and(eq(accountEvents.userId, id), sql`${accountEvents.event} ?| array['email', 'name']`),
    );
  await tx.delete(clientSubjects).where(eq(clientSubjects.userId, id));
  await tx.delete(mails).where(eq(mails.userId, id));
  await tx.delete(links).where(eq(links.userId, id));
  await tx.delete(loginChallenges).where(eq(loginChallenges.userId, id));
  await tx.delete(totpFactors).where(eq(totpFactors.userId, id));
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, id));
  await tx.delete(authorizationCodes).where(eq(authorizationCodes.userId, id));
  await change.publish({ type: 'deleted', user_id: id });
  return after;
}

/**
 * Forgets the user's origins: of all that the user did, and of all that was done to the user by an
 * actor that is no other account, and so may have been the user. The trail keeps that it was done.
 */
async function forgetOrigins(tx: Transaction, id: UserId): Promise<void> {
  const own = tx.select({ id: sessions.id }).from(sessions).where(eq(sessions.userId, id));
  const asked = tx.select({ id: mails.id }).from(mails).where(eq(mails.userId, id));
  const account = tx.select({ id: users.id }).from(users).where(eq(users.id, auditLog.actorId));
  const theirs = tx
    .select({ origin: auditLog.origin })
    .from(auditLog)
    .where(
      or(
        and(eq(auditLog.actorKind, 'user'), eq(auditLog.actorId, id)),
        and(
          or(
            and(eq(auditLog.targetKind, 'user'), eq(auditLog.targetId, id)),
            and(eq(auditLog.targetKind, 'session'), inArray(auditLog.targetId, own)),
            and(eq(auditLog.targetKind, 'mail'), inArray(auditLog.targetId, asked)),
          ),
          notExists(account),
        ),
      ),
    );
  await tx.delete(auditOrigins).where(inArray(auditOrigins.commitment, theirs));
}

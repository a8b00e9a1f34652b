import type { AccountAdministration } from '@portcullis/api';
import { and, eq, sql } from 'drizzle-orm';
import { accountEvents, links, mails, sessions } from '../postgres/schema/index.ts';
import {
  causeOf,
  lockAccount,
  lockAdministrators,
  requireAnAdministrator,
  through,
} from './acting-administrator.ts';
import { cutOff } from './cut-off.ts';
import type { AdministrationDependencies } from './disable.ts';

/**
 * Deletes an account. What is left is a tombstone without personal data: the id, so that the audit
 * trail means something, and the generation, so that no old token ever holds again.
 */
export function createRemove({
  makeChange,
  receipts,
}: AdministrationDependencies): AccountAdministration['remove'] {
  return async (call, { user_id: id, actor, wait }) => {
    const { revocations } = await makeChange(causeOf(call, actor), async (change) => {
      const { tx } = change;
      await lockAdministrators(tx);
      await lockAccount(tx, actor, id, 'users:delete');
      await cutOff(change, id, 'sessions', 'account_deleted', {
        status: 'deleted',
        email: null,
        emailKey: null,
        name: null,
        passwordHash: null,
        roles: [],
        emailVerifiedAt: null,
        lastLoginAt: null,
      });
      await requireAnAdministrator(tx);
      await tx
        .update(sessions)
        .set({ userAgent: null, address: null })
        .where(eq(sessions.userId, id));
      // They hold the name and the address. A consumer that never hears of them hears of the deletion.
      await tx
        .delete(accountEvents)
        .where(and(eq(accountEvents.userId, id), sql`${accountEvents.event} ? 'email'`));
      await tx.delete(mails).where(eq(mails.userId, id));
      await tx.delete(links).where(eq(links.userId, id));
      await change.announce({ type: 'deleted', user_id: id });
      await change.audit(
        through(call, { action: 'account.deleted', target: { kind: 'user', id } }),
      );
    });
    return { deleted: id, receipt: await receipts.collect(revocations, wait) };
  };
}

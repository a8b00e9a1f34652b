import type { AuthService } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import { causeOfUser } from '../change/cause.ts';
import { users } from '../database/schema/index.ts';
import { lockUser } from '../users/lock-user.ts';
import { withClientDetail } from '../administration/acting-administrator.ts';
import type { AdministrationDependencies } from './disable.ts';

/**
 * Gives an account the name that its owner chose at the user service. Auth holds the authoritative
 * name: it searches, exports and checks passwords by it, and other services learn it by event.
 */
export function createRename({
  withChange,
}: Pick<AdministrationDependencies, 'withChange'>): AuthService['rename'] {
  return async (call, { user_id: id, name, expected }) => {
    const { result } = await withChange(causeOfUser(call.request, id), async (change) => {
      const user = await lockUser(change.tx, id);
      if (user === undefined || user.status === 'deleted') throw new Refusal('not_found');
      if (user.status !== 'active') throw new Refusal('actor_refused');
      const changed = expected === undefined || expected === user.name;
      await change.audit(
        withClientDetail(call, {
          action: 'account.renamed',
          target: { kind: 'user', id },
          detail: { changed },
        }),
      );
      if (!changed) return { name: user.name, changed_at: null };
      await change.tx.update(users).set({ name }).where(eq(users.id, id));
      // Also where the name is the same: what another service keeps may differ.
      const at = await change.publish({ type: 'profile-changed', user_id: id, name });
      return { name, changed_at: at.toISOString() };
    });
    return result;
  };
}

import type { Administration } from '@portcullis/api';
import { isOwnRole, Refusal } from '@portcullis/contracts';
import { causeOfUser } from '../change/cause.ts';
import { accountOfRow } from '../users/account-of-row.ts';
import {
  lockAccount,
  lockAdministrators,
  requireAnAdministrator,
  requireRolesHeld,
  requireSameEverywhere,
  withClientDetail,
  type Acting,
} from '../administration/acting-administrator.ts';
import {
  refuseWhileOutdated,
  ROLES_OF_ONES_OWN,
  type OutdatedServices,
} from '../revocation/outdated-services.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import type { RemovalDependencies } from './disable.ts';

export interface SetRolesDependencies extends RemovalDependencies {
  outdatedServices: OutdatedServices;
}

/**
 * Replaces the roles of an account. Tokens with the old roles stop working at once, and are answered
 * `token_stale`; the sessions live on, so that a refresh gives a token with the new ones.
 *
 * Administrators give and take no role that carries a permission which they do not hold, anywhere: not while some
 * verifier may go by a mapping of before, in which it carried more (SPEC.md A15, A16). A role of the adopter's is given
 * only where every verifier knows such roles: one of 0.2.0 would refuse every token of the user.
 */
export function createSetRoles({
  withChange,
  receipts,
  requireVerifiedEmail,
  outdatedServices,
}: SetRolesDependencies): Administration['accounts']['setRoles'] {
  return async (call, { user_id: id, actor, roles, wait }) => {
    const wanted = [...new Set(roles)].toSorted();
    // Not under the lock of the account: verifiers that have just started are waited for.
    const outdated = wanted.every(isOwnRole) ? [] : await outdatedServices(ROLES_OF_ONES_OWN);
    const cause = causeOfUser(call.request, actor);
    const { result, revocations } = await withChange(cause, async (change) => {
      await lockAdministrators(change.tx);
      const { account: before, ...acting } = await lockAccount(
        change.tx,
        actor,
        id,
        call.permission,
      );
      const held = before.roles.toSorted();
      const given = requireMayChange(acting, held, wanted);
      refuseWhileOutdated(ROLES_OF_ONES_OWN, outdated);
      await requireSameEverywhere(change.tx, acting, given);
      const changed = held.join() !== wanted.join();
      await change.audit(
        withClientDetail(call, {
          action: call.audit,
          target: { kind: 'user', id },
          detail: { changed, from: held, to: wanted },
        }),
      );
      if (!changed) return before;
      const after = await revokeAccess(change, id, 'claims', 'token_claims_change', {
        roles: wanted,
      });
      await requireAnAdministrator(change.tx, { before, after }, requireVerifiedEmail);
      await change.publish({ type: 'roles-changed', user_id: id, roles: wanted });
      return after;
    });
    return {
      user: accountOfRow(result),
      receipt: revocations.length === 0 ? null : await receipts.collect(revocations, wait),
    };
  };
}

/**
 * @returns the roles that are given
 * @throws Refusal `actor_refused`; `invalid_request` for a role that there is not, unless the account has it already
 */
function requireMayChange(
  acting: Acting,
  held: readonly string[],
  wanted: readonly string[],
): string[] {
  const { config } = acting.access;
  const given = wanted.filter((role) => !held.includes(role));
  const taken = held.filter((role) => !wanted.includes(role));
  if (!given.every((role) => isOwnRole(role) || Object.hasOwn(config.roles, role))) {
    const message = 'names a role that there is not';
    throw new Refusal('invalid_request', { issues: [{ path: 'roles', message }] });
  }
  requireRolesHeld(acting, [...given, ...taken]);
  return given;
}

import type { Administration } from '@portcullis/api';
import { FIRST_PARTY_CLIENT, Refusal } from '@portcullis/contracts';
import { causeOfUser } from '../change/cause.ts';
import { permissionsAmong } from '../access/present-access.ts';
import {
  lockActor,
  requireHeld,
  withClientDetail,
} from '../administration/acting-administrator.ts';
import { clientOfRow } from './client-of-row.ts';
import { endLocked } from './end-locked.ts';
import { lockClient } from './lock-client.ts';
import type { ClientChangeDependencies } from './rotate-client.ts';

/**
 * Disables a client permanently, and revokes its tokens. Doing it twice changes nothing.
 *
 * Not the first-party client, by which users log in, nor the one that this request comes through: no
 * caller could undo that. Nor one with a permission that the administrator does not hold (SPEC.md A15).
 */
export function createDisableClient({
  withChange,
  receipts,
}: ClientChangeDependencies): Administration['clients']['disable'] {
  return async (call, { actor, client_id: id, wait }) => {
    if (id === FIRST_PARTY_CLIENT || id === call.caller.client_id) throw new Refusal('conflict');
    const { result, revocations } = await withChange(
      causeOfUser(call.request, actor),
      async ({ tx, revoke, audit }) => {
        const acting = await lockActor(tx, actor, call.permission);
        const before = await lockClient(tx, id);
        requireHeld(acting, permissionsAmong(before.scopes, acting.access.config));
        const changed = before.disabledAt === null;
        await audit(
          withClientDetail(call, {
            action: call.audit,
            target: { kind: 'client', id },
            detail: { changed },
          }),
        );
        return changed ? await endLocked({ tx, revoke }, id) : before;
      },
    );
    return {
      client: clientOfRow(result),
      receipt: revocations.length === 0 ? null : await receipts.collect(revocations, wait),
    };
  };
}

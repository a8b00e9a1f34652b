import type { Administration } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import { permissionsAmong } from '../access/present-access.ts';
import {
  lockActor,
  requireHeld,
  withClientDetail,
} from '../administration/acting-administrator.ts';
import { clients } from '../database/schema/index.ts';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Receipts } from '../revocation/receipts.ts';
import { clientOfRow } from './client-of-row.ts';
import { lockClient } from './lock-client.ts';
import { newSecret, hashClientSecret } from './secret-hash.ts';

export interface ClientChangeDependencies {
  withChange: WithChange;
  receipts: Receipts;
}

/**
 * Gives a client a new secret.
 *
 * With an overlap the secret before is taken until it is over, and tokens live on: nothing was lost,
 * it is only time for another one. Without, the old one may be in other hands: it ends now, with all
 * tokens that the client has. A secret from before the one before ends in either case.
 *
 * The secret gives the permissions of the client: an administrator gets that of no client with a permission that the
 * administrator does not hold.
 */
export function createRotateClient({
  withChange,
  receipts,
}: ClientChangeDependencies): Administration['clients']['rotate'] {
  return async (call, { actor, client_id: id, overlap_seconds: overlap, wait }) => {
    const secret = newSecret();
    const { result, revocations } = await withChange(
      causeOfUser(call.request, actor),
      async ({ tx, revoke, audit }) => {
        const acting = await lockActor(tx, actor, call.permission);
        const before = await lockClient(tx, id);
        requireHeld(acting, permissionsAmong(before.scopes, acting.access.config));
        // One with keys has no secret to replace; a public one is asked for none.
        if (before.secretHash === null || before.disabledAt !== null) {
          throw new Refusal('conflict');
        }
        const kept = overlap > 0;
        const [after] = await tx
          .update(clients)
          .set({
            secretHash: hashClientSecret(secret),
            previousSecretHash: kept ? before.secretHash : null,
            previousSecretUntil: kept
              ? sql`clock_timestamp() + make_interval(secs => ${overlap})`
              : null,
            ...(kept ? {} : { generation: sql`${clients.generation} + 1` }),
          })
          .where(eq(clients.id, id))
          .returning();
        if (after === undefined) throw new Error('client row vanished while locked');
        if (!kept) {
          const { generation } = after;
          await revoke({ kind: 'client', key: id, generation }, 'credential_change');
        }
        await audit(
          withClientDetail(call, {
            action: call.audit,
            target: { kind: 'client', id },
            detail: { overlap_seconds: overlap },
          }),
        );
        return after;
      },
    );
    return {
      client: clientOfRow(result),
      client_secret: secret,
      receipt: revocations.length === 0 ? null : await receipts.collect(revocations, wait),
    };
  };
}

import type { Administration } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { eventId } from '@portcullis/contracts/schemas';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { lockActor, withClientDetail } from '../administration/acting-administrator.ts';
import { revocationLog, signingKeys } from '../database/schema/index.ts';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Receipts } from '../revocation/receipts.ts';
import type { KeyRing } from './key-ring.ts';
import { makeKey, type KeyFactory } from './signing-key.ts';
import { closeGap, lockKeys } from './succession.ts';

export interface KillKeyDependencies {
  withChange: WithChange;
  receipts: Receipts;
  keyFactory: KeyFactory;
  keyRing: KeyRing;
}

/** Emergency: nothing that this key has ever signed, or will sign in other hands, holds any more. */
export function createKillKey(dependencies: KillKeyDependencies): Administration['keys']['kill'] {
  const { withChange, receipts, keyFactory, keyRing } = dependencies;

  return async (call, { actor, kid, wait }) => {
    const spare = await makeKey(keyFactory);
    const { result: before, revocations } = await withChange(
      causeOfUser(call.request, actor),
      async ({ tx, revoke, audit }) => {
        await lockActor(tx, actor, call.permission);
        await lockKeys(tx);
        const target = { kind: 'key', id: kid };
        const [killed] = await tx
          .update(signingKeys)
          .set({ killedAt: sql`clock_timestamp()` })
          .where(and(eq(signingKeys.kid, kid), isNull(signingKeys.killedAt)))
          .returning({ kid: signingKeys.kid });
        await audit(
          withClientDetail(call, {
            action: call.audit,
            target,
            detail: { changed: killed !== undefined },
          }),
        );
        if (killed === undefined) {
          const [earlier] = await tx
            .select({ id: revocationLog.id })
            .from(revocationLog)
            .where(and(eq(revocationLog.kind, 'key'), eq(revocationLog.key, kid)));
          if (earlier === undefined) throw new Refusal('not_found');
          return eventId.parse(earlier.id);
        }
        await revoke({ kind: 'key', key: kid }, 'key_compromised');
        await closeGap(tx, spare);
        return null;
      },
    );
    if (before !== null) return await receipts.again(before, wait);
    // Others find out by the push, or from the database; this instance need not wait for either.
    await keyRing.reload().catch(() => undefined);
    return await receipts.collect(revocations, wait);
  };
}

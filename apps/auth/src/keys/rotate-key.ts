import type { Administration } from '@portcullis/api';
import { lockActor, withClientDetail } from '../administration/acting-administrator.ts';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { KeyRing } from './key-ring.ts';
import { makeKey, type KeyFactory } from './signing-key.ts';
import { addSigningKey, lockKeys, PUBLISHED_AHEAD_SECONDS } from './succession.ts';

export interface RotateKeyDependencies {
  withChange: WithChange;
  keyFactory: KeyFactory;
  keyRing: Pick<KeyRing, 'reload'>;
}

/**
 * Publishes a new key now, and signs with it some seconds later (see `succession.ts`). The old one
 * stays published until its last token has expired.
 *
 * Every instance answers for the key set from the database, so that a verifier cannot meet an instance
 * that does not know the key yet.
 */
export function createRotateKey({
  withChange,
  keyFactory,
  keyRing,
}: RotateKeyDependencies): Administration['keys']['rotate'] {
  return async (call, { actor }) => {
    const key = await makeKey(keyFactory);
    const cause = causeOfUser(call.request, actor);
    const { result: kid } = await withChange(cause, async ({ tx, audit }) => {
      await lockActor(tx, actor, call.permission);
      await lockKeys(tx);
      const made = await addSigningKey(tx, key, PUBLISHED_AHEAD_SECONDS);
      await audit(
        withClientDetail(call, { action: call.audit, target: { kind: 'key', id: made } }),
      );
      return made;
    });
    // So that the next grants carry it. Other instances read it within seconds, before it signs.
    await keyRing.reload().catch(() => undefined);
    return { kid };
  };
}

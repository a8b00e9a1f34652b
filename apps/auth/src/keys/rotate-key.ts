import type { AccountAdministration } from '@portcullis/api';
import { causeOf, lockActor, through } from '../account/acting-administrator.ts';
import type { MakeChange } from '../revocation/change.ts';
import type { Seal } from './seal.ts';
import { addSigningKey, lockKeys } from './signing-key.ts';

export interface RotateKeyDependencies {
  makeChange: MakeChange;
  seal: Seal;
}

/**
 * Signs with a new key from now on. The old one stays published until its last token has expired.
 *
 * A verifier that meets the new `kid` fetches the key set; every instance answers that from the
 * database, so that it cannot meet one that has not heard of the key yet.
 */
export function createRotateKey({
  makeChange,
  seal,
}: RotateKeyDependencies): AccountAdministration['rotateKey'] {
  return async (call, { actor }) => {
    const { result: kid } = await makeChange(causeOf(call, actor), async ({ tx, audit }) => {
      await lockActor(tx, actor, 'keys:write');
      await lockKeys(tx);
      const made = await addSigningKey(tx, seal);
      await audit(through(call, { action: 'key.rotated', target: { kind: 'key', id: made } }));
      return made;
    });
    return { kid };
  };
}

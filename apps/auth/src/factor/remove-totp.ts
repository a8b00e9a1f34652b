import type { FactorService } from '@portcullis/api';
import { and, eq, isNotNull } from 'drizzle-orm';
import { totpFactors } from '../database/schema/index.ts';
import { conflict } from './enrol-totp.ts';
import type { OwnerChanges } from './owner-change.ts';
import { forgetRecoveryCodes } from './recovery-codes.ts';

/** Removes the authenticator app, with the recovery codes that stood in for it. Sessions stay: each was worth more. */
export function createRemoveTotp(ownerChanges: OwnerChanges): FactorService['removeTotp'] {
  return async (call) => {
    await ownerChanges.make(call, async (change, { id, email }) => {
      const removed = await change.tx
        .delete(totpFactors)
        .where(and(eq(totpFactors.userId, id), isNotNull(totpFactors.confirmedAt)))
        .returning({ user: totpFactors.userId });
      if (removed.length === 0) throw conflict('there is none');
      await forgetRecoveryCodes(change.tx, id);
      await change.mail({ kind: 'factor-removed', address: email, userId: id });
      await change.audit({ action: 'account.totp-removed', target: { kind: 'user', id } });
    });
  };
}

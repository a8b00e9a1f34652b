import type { FactorService } from '@portcullis/api';
import { and, eq, isNotNull } from 'drizzle-orm';
import { totpFactors } from '../database/schema/index.ts';
import { conflict } from './enrol-totp.ts';
import type { OwnerChanges } from './owner-change.ts';
import { replaceRecoveryCodes } from './recovery-codes.ts';

/** New recovery codes in the place of all of before. */
export function createRegenerateRecoveryCodes(
  ownerChanges: OwnerChanges,
): FactorService['regenerateRecoveryCodes'] {
  return async (call) => {
    const { result } = await ownerChanges.make(call, async (change, { id, email }) => {
      const [app] = await change.tx
        .select({ user: totpFactors.userId })
        .from(totpFactors)
        .where(and(eq(totpFactors.userId, id), isNotNull(totpFactors.confirmedAt)));
      if (app === undefined) throw conflict('there is none for which they could stand in');
      const codes = await replaceRecoveryCodes(change.tx, id);
      await change.mail({ kind: 'recovery-codes-replaced', address: email, userId: id });
      const target = { kind: 'user', id };
      await change.audit({ action: 'account.recovery-codes-replaced', target });
      return codes;
    });
    return { recovery_codes: result };
  };
}

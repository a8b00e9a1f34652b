import type { FactorService } from '@portcullis/api';
import { and, count, eq, isNotNull, isNull } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { recoveryCodes, totpFactors } from '../database/schema/index.ts';

/** What the caller logs in with beside the password, and nothing that would let anyone in. */
export function createListFactors(database: Database): FactorService['listFactors'] {
  return async ({ caller: { sub: id } }) => {
    const [app] = await database
      .select({ confirmedAt: totpFactors.confirmedAt })
      .from(totpFactors)
      .where(and(eq(totpFactors.userId, id), isNotNull(totpFactors.confirmedAt)));
    const [codes] = await database
      .select({ left: count() })
      .from(recoveryCodes)
      .where(and(eq(recoveryCodes.userId, id), isNull(recoveryCodes.usedAt)));
    const confirmedAt = app?.confirmedAt ?? null;
    return {
      totp: confirmedAt === null ? null : { enrolled_at: confirmedAt.toISOString() },
      recovery_codes_left: codes?.left ?? 0,
    };
  };
}

/**
 * A code of an authenticator app, as the second step of a login.
 *
 * Invariant: of any number of uses of one code, over all instances, one is right. `last_step` only rises, by one
 * conditional UPDATE; the code of that step, and of each before it, is good no more (RFC 6238 section 5.2).
 *
 * What time it is, PostgreSQL says: instances may disagree.
 */
import type { UserId } from '@portcullis/contracts';
import { and, eq, isNotNull, lt, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { totpFactors } from '../database/schema/index.ts';
import type { Seal } from '../keys/seal.ts';
import { openTotpSecret } from '../keys/totp-seal.ts';
import type { Factor } from '../login/factor.ts';
import { FACTOR_CLAIMS } from './factor-claims.ts';
import { matchingSteps, plainCode, stepAt } from './one-time-code.ts';

const TOTP = 'totp';

/** Seconds since 1970, of PostgreSQL. */
export const presentSeconds = sql<number>`extract(epoch from clock_timestamp())::float8`;

export function createTotpFactor(database: Database, seal: Seal): Factor {
  const isConfirmed = isNotNull(totpFactors.confirmedAt);
  const confirmed = database
    .select({ sealed: totpFactors.sealedSecret, seconds: presentSeconds })
    .from(totpFactors)
    .where(and(eq(totpFactors.userId, sql.placeholder('user')), isConfirmed))
    .prepare('totp_of_user');

  return {
    ...FACTOR_CLAIMS,
    method: TOTP,
    async isEnrolled(user) {
      return (await confirmed.execute({ user })).length > 0;
    },
    async check(user, answer) {
      const [row] = await confirmed.execute({ user });
      if (row === undefined) return false;
      const { sealed, seconds } = row;
      const secret = openTotpSecret(seal, user, sealed);
      for (const step of matchingSteps(secret, plainCode(answer), stepAt(seconds))) {
        if (await useUp(user, sealed, step)) return true;
      }
      return false;
    },
  };

  /** @returns false where this code, or a later one, was used before, or the secret is another one by now */
  async function useUp(user: UserId, sealed: Buffer, step: number): Promise<boolean> {
    const used = await database
      .update(totpFactors)
      .set({ lastStep: step })
      .where(
        and(
          eq(totpFactors.userId, user),
          // Sealed anew in this moment, it is the same secret in other bytes: the owner types the code once more.
          eq(totpFactors.sealedSecret, sealed),
          isConfirmed,
          lt(totpFactors.lastStep, step),
        ),
      )
      .returning({ user: totpFactors.userId });
    return used.length === 1;
  }
}

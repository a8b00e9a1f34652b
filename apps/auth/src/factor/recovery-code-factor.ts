/**
 * A recovery code in the place of an app's, as the second step of a login.
 *
 * Invariant: of any number of uses of one code, over all instances, one is right: it is used up by a conditional
 * UPDATE, in one transaction with its row in the audit trail and the notice to the owner.
 */
import type { UserId } from '@portcullis/contracts';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Database, Transaction } from '../database/database.ts';
import { recoveryCodes } from '../database/schema/index.ts';
import type { AnsweringRequest, Factor } from '../login/factor.ts';
import { lockUser } from '../users/lock-user.ts';
import { FACTOR_CLAIMS } from './factor-claims.ts';
import { hashOfRecoveryCode } from './recovery-codes.ts';

const RECOVERY_CODE = 'recovery-code';

/** Takes the transaction of a code that is none, or no more, back. */
class NoSuchCode extends Error {
  override readonly name = 'NoSuchCode';
}

const isUnused = isNull(recoveryCodes.usedAt);

/** @returns whether no other transaction uses up this code now */
async function isFirst(tx: Transaction, hash: Buffer): Promise<boolean> {
  const [row] = await tx.execute(
    sql`select pg_try_advisory_xact_lock(${hash.readBigInt64BE(0).toString()}::bigint) as first`,
  );
  return row?.['first'] === true;
}

export function createRecoveryCodeFactor(database: Database, withChange: WithChange): Factor {
  const unused = database
    .select({ hash: recoveryCodes.codeHash })
    .from(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, sql.placeholder('user')), isUnused))
    .prepare('recovery_codes_of_user');

  return {
    ...FACTOR_CLAIMS,
    method: RECOVERY_CODE,
    async isEnrolled(user) {
      return (await unused.execute({ user })).length > 0;
    },
    async check(user, answer, request) {
      const hash = hashOfRecoveryCode(answer);
      if (hash === null) return false;
      // Most wrong ones take no lock.
      const codes = await unused.execute({ user });
      return codes.some((code) => code.hash.equals(hash)) && (await useUp(user, hash, request));
    },
  };

  async function useUp(user: UserId, hash: Buffer, request: AnsweringRequest): Promise<boolean> {
    try {
      await withChange(causeOfUser(request, user), async ({ tx, audit, mail }) => {
        // Of many at once those that lose wait for nothing: they would keep the one that wins from its session.
        if (!(await isFirst(tx, hash))) throw new NoSuchCode();
        const owner = await lockUser(tx, user);
        if (owner?.status !== 'active' || owner.email === null) throw new NoSuchCode();
        const used = await tx
          .update(recoveryCodes)
          .set({ usedAt: sql`clock_timestamp()` })
          .where(and(eq(recoveryCodes.userId, user), eq(recoveryCodes.codeHash, hash), isUnused))
          .returning({ user: recoveryCodes.userId });
        if (used.length === 0) throw new NoSuchCode();
        await mail({ kind: 'recovery-code-used', address: owner.email, userId: user });
        await audit({ action: 'login.recovery-code-used', target: { kind: 'user', id: user } });
      });
      return true;
    } catch (error) {
      if (error instanceof NoSuchCode) return false;
      throw error;
    }
  }
}

import type { FactorService } from '@portcullis/api';
import { Refusal, type UserId } from '@portcullis/contracts';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import type { Change } from '../change/unit-of-work.ts';
import type { Database } from '../database/database.ts';
import { totpFactors } from '../database/schema/index.ts';
import type { Seal } from '../keys/seal.ts';
import { openTotpSecret } from '../keys/totp-seal.ts';
import type { Receipts } from '../revocation/receipts.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import type { ActiveAccount } from '../users/account-by-id.ts';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import { conflict, ENROLMENT_LIFE_S } from './enrol-totp.ts';
import { matchingSteps, plainCode, stepAt } from './one-time-code.ts';
import type { OwnerChanges } from './owner-change.ts';
import { replaceRecoveryCodes } from './recovery-codes.ts';
import { presentSeconds } from './totp-factor.ts';

/** Codes that are looked at for one enrolment. */
const MAX_ATTEMPTS = 5;

export interface ConfirmTotpDependencies {
  ownerChanges: OwnerChanges;
  database: Database;
  seal: Seal;
  receipts: Receipts;
}

/**
 * Ends the enrolment of an authenticator app by a code of it: from here on logins ask for one.
 *
 * Every session ends, the caller's too, as with another password; and so does what was asked for by mail. So no session
 * of before is left below what the account now asks for, in no browser, and no login that has passed the password
 * meanwhile opens one: its generation is another (session/open-session.ts).
 */
export function createConfirmTotp(
  dependencies: ConfirmTotpDependencies,
): FactorService['confirmTotp'] {
  const { ownerChanges, database, seal, receipts } = dependencies;

  return async (call, { code, wait }) => {
    // Without a change: a wrong code has to stay counted.
    const id = call.caller.sub;
    await ownerChanges.require(call);
    const pending = await countAttempt(database, id);
    if (pending === undefined) throw conflict('no enrolment waits for a code: begin anew');
    const secret = openTotpSecret(seal, id, pending.sealed);
    const step = matchingSteps(secret, plainCode(code), stepAt(pending.seconds)).at(-1);
    if (step === undefined) {
      const message = 'is not the code that the app shows now';
      throw new Refusal('invalid_request', { issues: [{ path: 'code', message }] });
    }
    const confirmed = { sealed: pending.sealed, step };
    const { result, revocations } = await ownerChanges.make(call, async (change, owner) => {
      return await confirm(change, owner, confirmed);
    });
    return { recovery_codes: result, receipt: await receipts.collect(revocations, wait) };
  };
}

/** @returns undefined where none waits, or too many codes were wrong */
async function countAttempt(database: Database, id: UserId) {
  const [row] = await database
    .update(totpFactors)
    .set({ attempts: sql`${totpFactors.attempts} + 1` })
    .where(
      and(
        eq(totpFactors.userId, id),
        isNull(totpFactors.confirmedAt),
        lt(totpFactors.attempts, MAX_ATTEMPTS),
        gt(
          totpFactors.createdAt,
          sql`clock_timestamp() - make_interval(secs => ${ENROLMENT_LIFE_S})`,
        ),
      ),
    )
    .returning({ sealed: totpFactors.sealedSecret, seconds: presentSeconds });
  return row;
}

interface Confirmed {
  /** The secret whose code it was; another enrolment may have begun since. */
  sealed: Buffer;
  step: number;
}

/** @returns the recovery codes */
async function confirm(
  change: Change,
  { id, email }: ActiveAccount,
  { sealed, step }: Confirmed,
): Promise<string[]> {
  const { tx } = change;
  const rows = await tx
    .update(totpFactors)
    .set({ confirmedAt: sql`clock_timestamp()`, lastStep: step })
    .where(
      and(
        eq(totpFactors.userId, id),
        eq(totpFactors.sealedSecret, sealed),
        isNull(totpFactors.confirmedAt),
      ),
    )
    .returning({ user: totpFactors.userId });
  if (rows.length === 0) throw conflict('another enrolment came in between: begin anew');
  await revokeAccess(change, id, 'sessions', 'credential_change', NEXT_CREDENTIAL);
  const codes = await replaceRecoveryCodes(tx, id);
  await change.mail({ kind: 'factor-enrolled', address: email, userId: id });
  await change.audit({ action: 'account.totp-enrolled', target: { kind: 'user', id } });
  return codes;
}

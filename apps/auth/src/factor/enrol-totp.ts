import type { FactorService } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { isNull, sql } from 'drizzle-orm';
import { totpFactors } from '../database/schema/index.ts';
import type { Seal } from '../keys/seal.ts';
import { closeTotpSecret } from '../keys/totp-seal.ts';
import { encodeBase32 } from './base32.ts';
import type { OwnerChanges } from './owner-change.ts';
import { newTotpSecret, totpSecretOf, totpUri } from './totp-secret.ts';

/** For how long an enrolment waits for its first code. Seconds. */
export const ENROLMENT_LIFE_S = 10 * 60;

export interface EnrolTotpDependencies {
  ownerChanges: OwnerChanges;
  seal: Seal;
  /** What apps show above the code. */
  issuerName: string;
}

/**
 * Begins the enrolment of an authenticator app. Until it is confirmed by a code, no login asks for it; another one takes
 * its place.
 *
 * The address has to be verified: an account whose address is not is another's, perhaps, who would find it with the
 * factor of who registered it.
 */
export function createEnrolTotp({
  ownerChanges,
  seal,
  issuerName,
}: EnrolTotpDependencies): FactorService['enrolTotp'] {
  return async (call, { secret: given }) => {
    const secret = given === undefined ? newTotpSecret() : totpSecretOf(given);
    if (secret === null) {
      const message = 'is not a secret of 80 to 512 bits in base32';
      throw new Refusal('invalid_request', { issues: [{ path: 'secret', message }] });
    }
    const { result: email } = await ownerChanges.make(call, async ({ tx, audit }, owner) => {
      const { id } = owner;
      if (owner.emailVerifiedAt === null) throw conflict('the address is not verified yet');
      const sealedSecret = closeTotpSecret(seal, id, secret);
      const begun = await tx
        .insert(totpFactors)
        .values({ userId: id, sealedSecret })
        .onConflictDoUpdate({
          target: totpFactors.userId,
          set: { sealedSecret, createdAt: sql`clock_timestamp()`, attempts: 0 },
          setWhere: isNull(totpFactors.confirmedAt),
        })
        .returning({ user: totpFactors.userId });
      if (begun.length === 0) throw conflict('there is one already: remove it first');
      await audit({ action: 'account.totp-enrolment-begun', target: { kind: 'user', id } });
      return owner.email;
    });
    const uri = totpUri(secret, issuerName, email);
    return { uri, secret: encodeBase32(secret), expires_in: ENROLMENT_LIFE_S };
  };
}

export function conflict(message: string): Refusal {
  return new Refusal('conflict', { issues: [{ path: 'totp', message }] });
}

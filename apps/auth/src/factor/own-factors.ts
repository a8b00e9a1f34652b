import type { WithChange } from '../change/unit-of-work.ts';
import type { Database } from '../database/database.ts';
import type { KeyFactory } from '../keys/signing-key.ts';
import type { Factor } from '../login/factor.ts';
import { createRecoveryCodeFactor } from './recovery-code-factor.ts';
import { createTotpFactor } from './totp-factor.ts';

export interface OwnFactorDependencies {
  database: Database;
  withChange: WithChange;
  keyFactory: Pick<KeyFactory, 'seal'>;
}

/** The factors that are built in, the one that clients are to offer first before the other. */
export function createOwnFactors({
  database,
  withChange,
  keyFactory: { seal },
}: OwnFactorDependencies): Factor[] {
  return [createTotpFactor(database, seal), createRecoveryCodeFactor(database, withChange)];
}

/** The verbs by which owners manage what they log in with beside the password. */
import type { FactorService } from '@portcullis/api';
import type { Seal } from '../keys/seal.ts';
import type { Receipts } from '../revocation/receipts.ts';
import { createConfirmTotp } from './confirm-totp.ts';
import { createEnrolTotp } from './enrol-totp.ts';
import { createListFactors } from './list-factors.ts';
import { createOwnerChanges, type OwnerChangeDependencies } from './owner-change.ts';
import { createRegenerateRecoveryCodes } from './regenerate-recovery-codes.ts';
import { createRemoveTotp } from './remove-totp.ts';

export interface FactorVerbDependencies extends OwnerChangeDependencies {
  seal: Seal;
  receipts: Receipts;
  /** What apps show above the code. */
  issuerName: string;
}

export function createFactorVerbs(dependencies: FactorVerbDependencies): FactorService {
  const { database, seal, receipts, issuerName } = dependencies;
  const ownerChanges = createOwnerChanges(dependencies);
  return {
    listFactors: createListFactors(database),
    enrolTotp: createEnrolTotp({ ownerChanges, seal, issuerName }),
    confirmTotp: createConfirmTotp({ ownerChanges, database, seal, receipts }),
    removeTotp: createRemoveTotp(ownerChanges),
    regenerateRecoveryCodes: createRegenerateRecoveryCodes(ownerChanges),
  };
}

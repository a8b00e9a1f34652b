import { newId, type EpochId } from '@portcullis/contracts';
import { logHead } from '../database/schema/index.ts';
import type { Cause, Change, WithChange } from '../change/unit-of-work.ts';

export interface ChangedEpoch {
  from: EpochId;
  to: EpochId;
}

const BY_OPERATOR: Cause = {
  actor: { kind: 'system', id: 'change-epoch' },
  requestId: 'change-epoch',
  address: null,
};

/**
 * Gives the log another epoch: its history can no longer be vouched for, so every verifier starts
 * over, and takes the whole log anew. What verifiers know they keep. Auth may be running.
 */
export async function changeEpoch(withChange: WithChange): Promise<ChangedEpoch> {
  const { result } = await withChange(BY_OPERATOR, replaceEpoch);
  return result;
}

/** The same inside of a change. */
export async function replaceEpoch({ tx, audit }: Change): Promise<ChangedEpoch> {
  const to = newId('epo');
  const [head] = await tx.select().from(logHead).for('update');
  if (head === undefined) throw new Error('the log has no head: run the migration first');
  await tx.update(logHead).set({ epoch: to });
  const detail = { from: head.epoch, to, position: head.position };
  await audit({ action: 'log.epoch-changed', target: { kind: 'log', id: to }, detail });
  return { from: head.epoch, to };
}

import { Refusal, type RefusalReason } from '@portcullis/contracts';
import type { ReplicaState } from './replica-states.ts';

/** What a replica that is not fresh refuses every token with. */
export function notFresh(state: ReplicaState): Refusal {
  return new Refusal('verifier_stale', { retryAfter: 1, reason: reasonOfState(state) });
}

/** It has been fresh, or never was; one that was closed is not to be again. */
export function reasonOfState(state: ReplicaState): RefusalReason {
  return state === 'STALE' ? 'stale' : 'not_ready';
}

/** Whether it is such a refusal, or that of an introspection without an answer. */
export function isNotFresh(error: unknown): error is Refusal {
  return error instanceof Refusal && error.code === 'verifier_stale';
}

/** What a verifier says of one token, step by step, in the order in which it checks. */
import type { ErrorCode, RefusalReason, StalenessPolicy } from '@portcullis/contracts';
import type { KeySetStatus } from '../keys/jwks.ts';
import type { Comparison } from '../revocation/comparison.ts';
import type { ReplicaState } from '../revocation/replica-states.ts';

/** `unknown`: it cannot be said, for want of what an earlier step gives or of word from the issuer. */
export type StepOutcome = 'holds' | 'fails' | 'unknown';

interface Step {
  outcome: StepOutcome;
  /** What a refusal for this step is counted as. */
  reason?: RefusalReason | undefined;
}

export interface ExplainedSteps {
  /** Three segments in their one spelling, with a header as this issuer writes it. */
  form: Step & { length: number; problem: string | undefined };
  issuer: Step & { said: unknown; expected: string };
  claims: Step & { problem: string | undefined };
  audience: Step & { said: unknown; expected: string };
  /** Seconds. */
  life: Step & { seconds: number | undefined; maxSeconds: number };
  key: Step & { kid: unknown; killed: boolean | undefined; keySet: KeySetStatus };
  signature: Step;
  freshness: Step & { state: ReplicaState; leftMs: number; policy: StalenessPolicy };
  /** Milliseconds; those since the epoch by the clock of the issuer, as far as it is known, and of this machine. */
  time: Step & {
    expiresInMs: number | undefined;
    issuerNowMs: number | undefined;
    localNowMs: number;
    /** By how much this machine is ahead of the issuer. */
    aheadMs: number | undefined;
  };
  revocation: Step & { kinds: readonly Comparison[] };
  /** As a bearer's: a proof of a key is good once, and none is looked at here. */
  binding: Step & { jkt: string | undefined };
}

export interface Explanation {
  /**
   * What `verify(token)` does with it at this moment; `undecided`: auth would be asked about it first, by the
   * policy `introspect`.
   */
  outcome: 'accepted' | 'refused' | 'undecided';
  /** Of the refusal: why, what the client sees, and what to do about it. */
  reason: RefusalReason | undefined;
  code: ErrorCode | undefined;
  next: string | undefined;
  /** As they were sent, and not to be believed unless the step `signature` holds; undefined where they are no JSON. */
  header: Readonly<Record<string, unknown>> | undefined;
  claims: Readonly<Record<string, unknown>> | undefined;
  steps: ExplainedSteps;
}

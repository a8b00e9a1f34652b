// What is searched.

/** What `revocation.pml` takes; see the end of its header. */
export interface Bounds {
  incarnations: number;
  revocations: number;
  instances: number;
  /** S, in ticks. */
  ticks: number;
  epochs: number;
  /** Answers that carry a part of the log only. */
  cut: boolean;
  /** What was given up, and second copies, go on travelling. */
  linger: boolean;
  /** Verifiers may have come to their positions in a history that was lost. */
  lost: boolean;
}

/** The protocol, and which keys a verifier takes from grants. */
export type ModelFile = 'revocation.pml' | 'keys.pml';

/** What is searched: which model, and within which bounds, where it has any. */
export interface Subject {
  model?: ModelFile;
  bounds?: Bounds;
}

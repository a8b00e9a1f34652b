/** What was done and what came of it. Moments are of this process's monotonic clock, milliseconds. */
import type { Receipt } from '@portcullis/contracts';
import type { Token } from './token.ts';

interface Every {
  readonly start: number;
  readonly end: number;
  /** The status of the answer; 0 where there was none. */
  readonly status: number;
  readonly detail: string;
}

/** `unknown`: no answer, or one that says that something broke. It may have happened, or not. */
export type Outcome = 'ok' | 'failed' | 'unknown';

export interface Change extends Every {
  readonly kind: 'log-out' | 'log-out-everywhere' | 'disable' | 'set-roles';
  readonly at: string;
  /** Whose session or whose account; for `disable` and `set-roles` any token of that user. */
  readonly token: Token;
  readonly outcome: Outcome;
  /** There if, and only if, the outcome is `ok`. */
  readonly receipt: Receipt | undefined;
}

export interface Issue extends Every {
  readonly kind: 'log-in' | 'refresh';
  readonly at: string;
  readonly outcome: Outcome;
  /** Of a refresh: one of the session's former tokens. */
  readonly former: Token | undefined;
  readonly token: Token | undefined;
}

/**
 * `refused` is 401; `stale` is 503 `verifier_stale`; `broken` is any other 5xx; `silent` is no
 * answer. Everything else has passed the verifier.
 */
export type Verdict = 'accepted' | 'refused' | 'stale' | 'broken' | 'silent';

export interface Verification extends Every {
  readonly kind: 'verify';
  readonly at: string;
  readonly token: Token;
  readonly verdict: Verdict;
}

/** One line, for a user who looks for the cause. */
export function tell(operation: Change | Issue | Verification): string {
  const { kind, at, start, end, status, detail } = operation;
  const token = operation.token?.label ?? 'no token';
  const moments = `${start.toFixed(0)}–${end.toFixed(0)} ms`;
  return `${kind} of ${token} at ${at}, ${moments}: ${status} ${detail}`.trimEnd();
}

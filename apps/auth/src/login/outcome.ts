import { Refusal, type ErrorCode } from '@portcullis/contracts';

/** `challenged`: one more step is needed, and counts by itself. */
export type LoginOutcome =
  'succeeded' | 'challenged' | 'refused' | 'limited' | 'overloaded' | 'failed';

const OUTCOMES: Partial<Record<ErrorCode, LoginOutcome>> = {
  rate_limited: 'limited',
  overloaded: 'overloaded',
  invalid_credentials: 'refused',
  challenge_failed: 'refused',
  invalid_challenge: 'refused',
};

/** What has become of a step that was not answered with tokens or a challenge. */
export function outcomeOf(error: unknown): LoginOutcome {
  return (error instanceof Refusal ? OUTCOMES[error.code] : undefined) ?? 'failed';
}

import { Refusal } from '@portcullis/contracts';

/**
 * For what cannot be checked now, and may be in a moment.
 *
 * @param cause why, for the log
 */
export function unavailable(cause?: unknown): Refusal {
  return new Refusal('unavailable', { retryAfter: 1, cause });
}

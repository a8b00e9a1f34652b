import type { Check } from './evidence.ts';
import { tell } from '../history/operation.ts';

/** Timers of two processes, rounded. */
const MARGIN_MS = 20;

/**
 * G1: if a revocation commits at T, no verifier accepts an affected token after T + S.
 *
 * T is taken as late as it can have been, and an acceptance as early as it can have been; so all that
 * this finds is real.
 */
export const bounded: Check = ({ history, ending, committed, maxStalenessMs }) => {
  return history.verifications.flatMap((verification) => {
    if (verification.verdict !== 'accepted') return [];
    const decided = history.decidedAfter(verification);
    return ending(verification.token).flatMap((logged) => {
      const late = decided - committed(logged) - maxStalenessMs;
      if (late <= MARGIN_MS) return [];
      return [`accepted ${late.toFixed(0)} ms after T + S: ${tell(verification)}`];
    });
  });
};

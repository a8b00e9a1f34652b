import type { Check } from './evidence.ts';
import { tell } from '../history/operation.ts';

/** Timers of two processes, rounded. */
const MARGIN_MS = 20;

/**
 * G1: if a revocation commits at T, no verifier accepts an affected token after T + S.
 *
 * T is taken as late as it can have been (its answer, or the first sight of the row), and an
 * acceptance as early as it can have been; so whatever this finds is real.
 */
export const bounded: Check = ({ history, ending, maxStalenessMs }) => {
  const answered = new Map<string, number>();
  for (const { kind, outcome, token, end } of history.changes) {
    if (kind !== 'log-out' || outcome !== 'ok') continue;
    answered.set(token.sid, Math.min(end, answered.get(token.sid) ?? end));
  }
  return history.verifications.flatMap((verification) => {
    if (verification.verdict !== 'accepted') return [];
    const decided = history.decidedAfter(verification);
    return ending(verification.token).flatMap((logged) => {
      const { kind, key, committedBy } = logged;
      const byAnswer = kind === 'session' ? answered.get(key) : undefined;
      const committed = Math.min(committedBy, byAnswer ?? committedBy);
      const late = decided - committed - maxStalenessMs;
      if (late <= MARGIN_MS) return [];
      return [`accepted ${late.toFixed(0)} ms after T + S: ${tell(verification)}`];
    });
  });
};

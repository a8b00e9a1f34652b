import type { Check } from './evidence.ts';
import { tell } from '../history/operation.ts';

/**
 * G3: what a verifier has refused permanently it never accepts again, through every fault; and what was
 * answered with success is in the log. Unknown is never success.
 */
export const durable: Check = ({ history, ending }) => {
  const refused = new Map<string, number>();
  const offences: string[] = [];
  for (const verification of history.verifications) {
    const { verdict, at, token, end } = verification;
    const which = `${at} ${token.label}`;
    const since = refused.get(which);
    if (verdict === 'refused') refused.set(which, Math.min(end, since ?? end));
    if (verdict === 'accepted' && since !== undefined && verification.start > since) {
      offences.push(`accepted after it had been refused: ${tell(verification)}`);
    }
  }
  for (const change of history.changes) {
    if (change.outcome === 'ok' && ending(change.token).length === 0) {
      offences.push(`acknowledged and not in the log: ${tell(change)}`);
    }
  }
  return offences;
};

import type { Check } from './evidence.ts';
import { overlaps, type History } from '../history/history.ts';
import { tell, type Verification } from '../history/operation.ts';

/**
 * G4: what is not revoked is accepted, in the second of a revocation too. A verifier answers that it
 * cannot say only where the fault leaves it no other way; and a token is never answered as invalid
 * because a part was unavailable.
 */
export const exact: Check = ({ history, ending, maxStalenessMs }) => {
  const offences: string[] = [];
  const without = new Map<string, Verification[]>();
  for (const verification of history.verifications) {
    const { verdict, token, end } = verification;
    if (verdict === 'accepted') continue;
    if (verdict === 'refused') {
      if (history.forged.has(token)) continue;
      const cause = ending(token);
      if (cause.length === 0) offences.push(`refused without a revocation: ${tell(verification)}`);
      else if (cause.every(({ writtenAfter }) => end < writtenAfter)) {
        offences.push(`refused before it was revoked: ${tell(verification)}`);
      }
    } else if (isOwed(history, verification) && !starved(history, verification, maxStalenessMs)) {
      const { at } = verification;
      without.set(at, [...(without.get(at) ?? []), verification]);
    }
  }
  for (const [at, all] of without) {
    const [first] = all;
    const last = all.at(-1);
    if (first === undefined || last === undefined) continue;
    const lasted = (last.end - first.start).toFixed(0);
    const what = `${at} gave no verdict on ${all.length} requests within ${lasted} ms`;
    offences.push(`${what}, the first: ${first.verdict}, ${tell(first)}`);
  }
  for (const issue of history.issues) {
    if (issue.outcome !== 'failed') continue;
    // A right password, and a session that nothing has ended.
    const rightful = issue.former === undefined || ending(issue.former).length === 0;
    if (rightful && issue.status >= 400 && issue.status < 500 && issue.status !== 429) {
      offences.push(`refused without a cause: ${tell(issue)}`);
    }
  }
  return offences;
};

/** Verdicts that were owed, and that the machine left no time to give. */
export function unjudged(history: History, maxStalenessMs: number): number {
  return history.verifications.filter(
    (verification) =>
      isWithout(verification) &&
      isOwed(history, verification) &&
      starved(history, verification, maxStalenessMs),
  ).length;
}

export function isWithout({ verdict }: Verification): boolean {
  return verdict !== 'accepted' && verdict !== 'refused';
}

function isOwed(history: History, verification: Verification): boolean {
  return !history.excused.some((span) => overlaps(span, verification));
}

/** Its last chance to renew was within S before it was asked. */
function starved(history: History, { at, start, end }: Verification, maxStalenessMs: number) {
  return history.machine.starved(at, start - maxStalenessMs, end);
}

/**
 * What a history is able to show. A guarantee that was not tested has not held: a case in which too
 * little was tried, or too much was left without a verdict, proves nothing.
 */
import { overlaps, type Span } from '../history/history.ts';
import type { Verification } from '../history/operation.ts';
import type { Evidence } from './evidence.ts';
import { isWithout, unjudged } from './exact.ts';

/** Ended tokens that were shown, and those of them that were shown when S had passed. */
const LEAST_AFFECTED = 30;
const LEAST_PAST_S = 10;
/** Tokens that hold, and were accepted. */
const LEAST_UNAFFECTED = 30;
/** Ended tokens that were shown to one that a fault had struck. */
const LEAST_STRUCK = 5;
/** Of the verdicts that were owed: so many may be missing because the machine gave no time. */
export const MOST_UNJUDGED = 0.05;
/** After so long a push that comes at all has been applied. Milliseconds. */
const PUSHED_MS = 150;

export interface Coverage {
  /** Shown when their revocation had committed. */
  readonly affected: number;
  /** Of those, what was shown later than T + S. */
  readonly pastS: number;
  /** Shown while nothing had ended them, and accepted. */
  readonly unaffected: number;
  /** Without a verdict, as the fault allows it. */
  readonly excused: number;
  /** Verdicts that were owed and not given, for which the machine gave no time. */
  readonly unjudged: number;
  /** Of all that were owed. */
  readonly unjudgedShare: number;
  /** Why all of this shows too little; empty when it shows enough. */
  readonly lacks: readonly string[];
}

/** @param leastPastS as many as there have to be after T + S */
export function coverageOf(evidence: Evidence, leastPastS = LEAST_PAST_S): Coverage {
  const { history, maxStalenessMs } = evidence;
  const since = (verification: Verification): number => endedFor(evidence, verification);
  const affected = history.verifications.filter((one) => since(one) >= 0);
  const pastS = affected.filter((one) => since(one) > maxStalenessMs);
  const unaffected = history.verifications.filter(
    (one) => one.verdict === 'accepted' && since(one) < 0,
  );
  const within = (span: Span): Verification[] => affected.filter((one) => overlaps(span, one));
  const isExcused = (one: Verification): boolean =>
    history.excused.some((span) => overlaps(span, one));
  const owed = history.verifications.filter((one) => !isExcused(one)).length;
  const missing = unjudged(history, maxStalenessMs);
  const unjudgedShare = owed === 0 ? 0 : missing / owed;

  const lacks: string[] = [];
  const demand = (what: string, found: number, least: number): void => {
    if (found < least) lacks.push(`${what}: ${found}, and that takes ${least}`);
  };
  demand('ended tokens that were shown', affected.length, LEAST_AFFECTED);
  demand('ended tokens that were shown after T + S', pastS.length, leastPastS);
  demand('tokens that hold and were accepted', unaffected.length, LEAST_UNAFFECTED);
  for (const span of history.struck) {
    demand(`ended tokens shown to ${span.at} under it`, within(span).length, LEAST_STRUCK);
  }
  for (const span of history.deaf) {
    const late = within(span).filter((one) => one.verdict === 'accepted' && since(one) > PUSHED_MS);
    demand(`acceptances within S that show that ${span.at} got no push`, late.length, 1);
  }
  if (unjudgedShare > MOST_UNJUDGED) {
    const share = (100 * unjudgedShare).toFixed(0);
    lacks.push(`not judged: ${share} % of ${owed}, and at most ${100 * MOST_UNJUDGED} % may be`);
  }
  return {
    affected: affected.length,
    pastS: pastS.length,
    unaffected: unaffected.length,
    excused: history.verifications.filter((one) => isWithout(one) && isExcused(one)).length,
    unjudged: missing,
    unjudgedShare,
    lacks,
  };
}

/** @returns how long its token had been ended for, by what had committed; negative when it was not */
function endedFor({ history, ending, committed }: Evidence, verification: Verification): number {
  const decided = history.decidedAfter(verification);
  const since = ending(verification.token).map((logged) => committed(logged));
  return since.length === 0 ? -1 : decided - Math.min(...since);
}

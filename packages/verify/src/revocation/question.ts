/** A question for a grant, and whether an answer is one to it (SPEC.md I6). */
import type { EventId, GrantReply, IncarnationId } from '@portcullis/contracts';
import type { Asked } from './freshness.ts';
import type { Said } from './issuer-takes.ts';
import type { AskedFrom } from './log-cursor.ts';

/** A question for a grant that may be answered late, when others have been asked since. */
export interface Question extends Asked {
  readonly incarnation: IncarnationId;
  readonly nonce: string;
  /** Events that it names as applied. */
  readonly applied: readonly EventId[];
  readonly from: AskedFrom;
  readonly said: Said;
}

/** The first of the questions whose answers make up one grant: it vouches for that moment alone. */
export function firstOf(question: Question): Asked {
  return question.from.rest?.since ?? question;
}

export function isAnswerTo({ nonce, incarnation }: Question, reply: GrantReply): boolean {
  return reply.nonce === nonce && reply.incarnation === incarnation;
}

/** Until the issuer has said what S is. Milliseconds. */
const FIRST_PATIENCE_MS = 1_000;

/** For how long an answer is waited for before the next question, in milliseconds. */
export function patienceMs(maxStalenessMs: number | undefined): number {
  return maxStalenessMs === undefined ? FIRST_PATIENCE_MS : maxStalenessMs / 3;
}

/**
 * About every S/3, so that two may be lost before it shows.
 *
 * @param random a number in [0, 1)
 * @returns after how many milliseconds to ask again
 */
export function renewAfterMs(maxStalenessMs: number, random: number, question: Question): number {
  const sinceFirst = question.at - firstOf(question).at;
  return Math.max(0, (maxStalenessMs / 3) * (0.8 + 0.4 * random) - sinceFirst);
}

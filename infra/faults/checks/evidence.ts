import type { History } from '../history/history.ts';
import { affects, type Logged } from '../history/logged.ts';
import type { Token } from '../history/token.ts';

/** What the checks read. */
export interface Evidence {
  readonly history: History;
  /** After everything has settled. */
  readonly log: readonly Logged[];
  /** S, in milliseconds. */
  readonly maxStalenessMs: number;
  ending(token: Token): readonly Logged[];
  /** The latest moment at which it can have committed: its answer, or the first sight of its row. */
  committed(logged: Logged): number;
}

/** Names what does not hold, one line for each offence. */
export type Check = (evidence: Evidence) => string[];

export function evidenceOf(
  history: History,
  log: readonly Logged[],
  maxStalenessMs: number,
): Evidence {
  const byToken = new Map<Token, Logged[]>();
  const answered = new Map<string, number>();
  for (const { kind, outcome, token, end } of history.changes) {
    if (kind !== 'log-out' || outcome !== 'ok') continue;
    answered.set(token.sid, Math.min(end, answered.get(token.sid) ?? end));
  }
  return {
    history,
    log,
    maxStalenessMs,
    ending(token) {
      const known = byToken.get(token) ?? log.filter((logged) => affects(logged, token));
      byToken.set(token, known);
      return known;
    },
    committed({ kind, key, committedBy }) {
      const byAnswer = kind === 'session' ? answered.get(key) : undefined;
      return Math.min(committedBy, byAnswer ?? committedBy);
    },
  };
}

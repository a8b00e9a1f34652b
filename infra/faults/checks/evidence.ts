import type { History } from '../history/history.ts';
import { affects, type Logged } from '../history/logged.ts';
import type { Token } from '../history/token.ts';

/** What the checks judge. */
export interface Evidence {
  readonly history: History;
  /** After everything has settled. */
  readonly log: readonly Logged[];
  /** S, in milliseconds. */
  readonly maxStalenessMs: number;
  ending(token: Token): readonly Logged[];
}

/** Names what does not hold, one line for each offence. */
export type Check = (evidence: Evidence) => string[];

export function evidenceOf(
  history: History,
  log: readonly Logged[],
  maxStalenessMs: number,
): Evidence {
  const byToken = new Map<Token, Logged[]>();
  return {
    history,
    log,
    maxStalenessMs,
    ending(token) {
      const known = byToken.get(token) ?? log.filter((logged) => affects(logged, token));
      byToken.set(token, known);
      return known;
    },
  };
}

/**
 * The end of every run: all faults are over, one user logs out everywhere, and every running verifier
 * must be in the receipt and have confirmed.
 */
import type { Facts } from './guarantees/facts.ts';
import type { Stage } from './faults.ts';

/** Verifiers that have ended are discounted after S, a margin of 1 s, and two looks. Milliseconds. */
const DISCOUNTED_MS = 2_100;
const AMPLE_MS = 400;
/**
 * A question of an incarnation that is over may still come, out of bad weather or from an instance that was paused, and
 * registers it once more. Milliseconds.
 */
const LONGEST_WAY_MS = 1_500;
/** What began when transactions were long has let go of its rows. Milliseconds. */
const LET_GO_MS = 4_500;

/** After how much rest the end comes. Milliseconds. */
export function restMs(maxStalenessMs: number, faults: readonly string[]): number {
  const rest = maxStalenessMs + DISCOUNTED_MS + LONGEST_WAY_MS;
  return faults.includes('long transactions') ? Math.max(rest, LET_GO_MS) : rest;
}

/** @param rest from `restMs` */
export function startEnding(
  { setting, auths, verifiers, until }: Stage,
  facts: Facts,
  rest: number,
): void {
  const { world, history, random } = setting;

  world.at(until + rest, () => {
    const token = facts.tokens.at(-1);
    if (token === undefined) return;
    const cut = { kind: 'subject', key: token.claims.sub } as const;
    let answered = false;
    history.listen((entry) => {
      if (entry.what === 'over' && !answered)
        history.violated('G2 receipt', 'none came in the end');
      if (entry.what !== 'answered for' || entry.waitMs !== AMPLE_MS) return;
      answered = true;
      const { confirmed, expected } = entry.receipt;
      const living = verifiers.filter(({ life }) => life !== undefined).length;
      if (confirmed === living && expected === living) return;
      history.violated(
        'G2 receipt',
        `in the end ${confirmed} of ${expected} for ${living} verifiers`,
      );
    });
    random
      .pick(auths)
      .revoke([cut], AMPLE_MS)
      .catch((error: unknown) => {
        history.violated('G2 receipt', `the last one failed: ${String(error)}`);
      });
  });
}

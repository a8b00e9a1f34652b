import type { Check } from './evidence.ts';
import { tell, type Change } from '../history/operation.ts';
import type { Token } from '../history/token.ts';

/** G2: after a receipt with `confirmed == expected` no verifier accepts an affected token. */
export const receipted: Check = ({ history }) => {
  const confirmed = history.changes.filter(
    ({ receipt }) =>
      receipt !== undefined &&
      receipt.confirmed === receipt.expected &&
      receipt.best_effort.length === 0,
  );
  const bySubject = new Map<string, Change[]>();
  for (const change of confirmed) {
    const { sub } = change.token;
    bySubject.set(sub, [...(bySubject.get(sub) ?? []), change]);
  }
  return history.verifications.flatMap((verification) => {
    if (verification.verdict !== 'accepted') return [];
    const decided = history.decidedAfter(verification);
    const before = bySubject
      .get(verification.token.sub)
      ?.find((change) => change.end < decided && ends(change, verification.token));
    if (before === undefined) return [];
    return [`accepted after its receipt: ${tell(verification)}; the receipt: ${tell(before)}`];
  });
};

function ends({ kind, token, start }: Change, other: Token): boolean {
  switch (kind) {
    case 'log-out':
      return other.sid === token.sid;
    case 'log-out-everywhere':
    case 'set-roles':
      return other.sub === token.sub && other.gen <= token.gen;
    case 'disable':
      return other.sub === token.sub && other.answered < start;
  }
}

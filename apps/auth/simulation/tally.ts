/** Counts what happened, so that an idle run does not pass for a proof. */
import type { History } from './history.ts';

const COUNTED = [
  'tokens',
  'revocations',
  /** Revocations that a restored database knew nothing of. */
  'lost',
  'receipts',
  /** Receipts in which all that were expected had confirmed. */
  'confirmed',
  'grants',
  'accepted',
  'refused',
  /** Requests that a verifier could not be sure about. */
  'stale',
] as const;

export type Tally = Record<(typeof COUNTED)[number], number>;

export function emptyTally(): Tally {
  return {
    tokens: 0,
    revocations: 0,
    lost: 0,
    receipts: 0,
    confirmed: 0,
    grants: 0,
    accepted: 0,
    refused: 0,
    stale: 0,
  };
}

export function keepTally(history: History): Tally {
  const tally = emptyTally();
  history.listen((entry) => {
    if (entry.what === 'minted') tally.tokens += 1;
    if (entry.what === 'committed') tally.revocations += 1;
    if (entry.what === 'undone') tally.lost += 1;
    if (entry.what === 'granted') tally.grants += 1;
    if (entry.what === 'answered for') {
      tally.receipts += 1;
      if (entry.receipt.confirmed === entry.receipt.expected) tally.confirmed += 1;
    }
    if (entry.what === 'judged') {
      if (entry.verdict === 'accepted') tally.accepted += 1;
      else if (entry.verdict === 'stale') tally.stale += 1;
      else tally.refused += 1;
    }
  });
  return tally;
}

export function addTally(sum: Tally, more: Tally): void {
  for (const name of COUNTED) sum[name] += more[name];
}

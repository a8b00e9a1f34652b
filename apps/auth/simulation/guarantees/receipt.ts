/**
 * G2. For S after a database has gone back it does not know which verifiers may still be fresh, and
 * receipts of that time are not checked. After any other receipt with `confirmed == expected`, no
 * verifier accepts what it revokes. Without faults, every receipt that is waited for says so.
 */
import type { Revocation } from '../history.ts';
import { MAX_RATE_ERROR } from '../world/machine.ts';
import type { Scene } from './scene.ts';

/** Far longer than confirmations take when nothing goes wrong. Milliseconds. */
const AMPLE_MS = 1_000;

export function watchReceipts({ world, history, facts, maxStalenessMs, calm }: Scene): void {
  const confirmed = new Set<Revocation>();
  let promisesFrom = 0;

  history.listen((entry) => {
    if (entry.what === 'went back' || entry.what === 'restored') {
      promisesFrom = world.now + maxStalenessMs * (1 + 3 * MAX_RATE_ERROR);
    } else if (entry.what === 'answered for') {
      const { receipt, revocations, waitMs } = entry;
      if (world.now < promisesFrom) return;
      if (receipt.confirmed === receipt.expected) {
        for (const revocation of revocations) confirmed.add(revocation);
      } else if (calm && waitMs >= AMPLE_MS) {
        history.violated('G2 receipt', 'some have not confirmed though nothing went wrong');
      }
    } else if (entry.what === 'judged' && entry.verdict === 'accepted') {
      const { life, token } = entry;
      for (const revocation of facts.affecting(token)) {
        if (revocation.undone || !confirmed.has(revocation)) continue;
        const what = `all have confirmed ${revocation.event.id}, said the receipt`;
        history.violated('G2 receipt', `${what}; ${life.name} accepted ${token.claims.jti}`);
      }
    }
  });
}

/**
 * G1. A revocation that commits at T is enforced at T + S, and its receipt's `enforced_by` is no later
 * than that. No token is accepted after its `exp` by the issuer's clock.
 */
import type { Life, Revocation } from '../history.ts';
import { MAX_RATE_ERROR } from '../world/machine.ts';
import type { Scene } from './scene.ts';

/** For rates that differ, and for what is rounded up to milliseconds. */
const margin = (milliseconds: number): number => milliseconds * 3 * MAX_RATE_ERROR + 2;

export function watchBound(scene: Scene): void {
  const { world, history, database, facts, maxStalenessMs } = scene;
  const promised = new Map<Revocation, number>();
  const issuerTimes = new Map<Life, { issuerTime: number; at: number }>();
  let steppedAt = 0;
  let promisesFrom = 0;

  history.listen((entry) => {
    if (entry.what === 'stepped') {
      steppedAt = world.now;
    } else if (entry.what === 'went back' || entry.what === 'restored') {
      promisesFrom = world.now + maxStalenessMs + margin(maxStalenessMs);
    } else if (entry.what === 'granted') {
      const { life, issuerTime } = entry;
      issuerTimes.set(life, { issuerTime, at: world.now });
    } else if (entry.what === 'answered for') {
      const left = Date.parse(entry.receipt.enforced_by) - database.clock.now();
      // For S after it has gone back, the database does not know who may be fresh.
      if (world.now < promisesFrom) return;
      for (const revocation of entry.revocations) {
        // A time by the database's clock converts to true time unless that clock was set meanwhile.
        if (steppedAt < revocation.committedAt && !promised.has(revocation)) {
          promised.set(revocation, world.now + left + margin(maxStalenessMs));
        }
      }
    } else if (entry.what === 'judged' && entry.verdict === 'accepted') {
      const { life, token } = entry;
      for (const revocation of facts.affecting(token)) {
        if (revocation.undone) continue;
        const { event, committedAt } = revocation;
        const late = world.now - committedAt - maxStalenessMs;
        const what = `${life.name} accepted ${token.claims.jti}, which ${event.id} takes,`;
        if (late > margin(maxStalenessMs)) {
          history.violated('G1 bounded', `${what} ${late.toFixed(1)} ms after T + S`);
        } else if (world.now > (promised.get(revocation) ?? Infinity)) {
          history.violated('G1 bounded', `${what} after enforced_by`);
        }
      }
      const known = issuerTimes.get(life);
      if (known !== undefined) {
        const least = known.issuerTime + (world.now - known.at);
        const over = least - token.claims.exp * 1_000;
        if (over > margin(world.now)) {
          const what = `${life.name} accepted ${token.claims.jti} ${over.toFixed(1)} ms after its exp`;
          history.violated('G1 bounded', what);
        }
      }
    }
  });
}

/**
 * G6. In any order of events, every verifier ends with the state of the log; and on the way no position
 * of a fresh verifier claims more than it knows. (For S after the log has gone back it may: the next
 * answer corrects it.) Everything committed is published and numbered in the end.
 */
import type { IncarnationId } from '@portcullis/contracts';
import type { Life } from '../history.ts';
import { MAX_RATE_ERROR } from '../world/machine.ts';
import type { Scene } from './scene.ts';
import { witnessOf } from './witness.ts';

/** Entries that are about to expire may be gone already. Milliseconds. */
const EXPIRING_MS = 1_000;

export function watchConvergence(scene: Scene, living: () => readonly Life[]): void {
  const { world, history, database, facts, maxStalenessMs } = scene;
  let claimsFrom = 0;
  const lives = new Map<IncarnationId, Life>();
  /** As what each has asked last: it has given up what it was before. */
  const incarnations = new Map<Life, IncarnationId>();
  const claimed = new Map<IncarnationId, { epoch: string | null; position: number }>();

  history.listen((entry) => {
    if (entry.what === 'over') judgeTheEnd();
    if (entry.what === 'went back' || entry.what === 'restored') {
      claimed.clear();
      claimsFrom = world.now + maxStalenessMs * (1 + 3 * MAX_RATE_ERROR);
    }
    if (entry.what === 'asked') {
      lives.set(entry.incarnation, entry.life);
      incarnations.set(entry.life, entry.incarnation);
    }
    if (entry.what !== 'registered' || entry.epoch !== database.epoch) return;
    const { incarnation, epoch, position } = entry;
    const life = lives.get(incarnation);
    if (life === undefined || !life.isFresh() || world.now < claimsFrom) return;
    if (incarnations.get(life) !== incarnation) return;
    const before = claimed.get(incarnation);
    claimed.set(incarnation, { epoch, position });
    const known = before?.epoch === epoch ? before.position : 0;
    if (position <= known) return;
    for (const row of database.log.values()) {
      const place = row.position ?? 0;
      if (place <= known || place > position) continue;
      const { event } = row.revocation;
      if ((event.expires_at ?? Infinity) < database.clock.latest() + EXPIRING_MS) continue;
      if (life.knows(witnessOf(event))) continue;
      history.violated(
        'G6 converging',
        `${life.name} claims position ${position} and does not know ${event.id} at ${place}`,
      );
    }
  });

  function judgeTheEnd(): void {
    for (const { revocation, position, publishedAt } of database.log.values()) {
      const { id } = revocation.event;
      if (position === null) history.violated('G6 converging', `${id} was never numbered`);
      if (publishedAt === null) history.violated('G6 converging', `${id} was never published`);
    }
    for (const life of living()) {
      if (!life.isFresh()) history.violated('G6 converging', `${life.name} is not fresh again`);
      for (const token of facts.tokens) {
        if (token.claims.exp * 1_000 < database.clock.latest() + EXPIRING_MS) continue;
        const affecting = facts.affecting(token);
        if (affecting.some(({ undone }) => undone)) continue;
        const taken = affecting.length > 0;
        if (taken === life.knows(token)) continue;
        const what = taken ? 'would accept' : 'would refuse';
        history.violated('G6 converging', `${life.name} ${what} ${token.claims.jti} in the end`);
      }
    }
  }
}

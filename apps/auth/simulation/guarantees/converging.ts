/**
 * G6. However events came, every verifier ends with what the log says; and on the way its position
 * never claims more than it knows. Everything committed is published and numbered in the end.
 */
import type { Life } from '../history.ts';
import type { Scene } from './scene.ts';
import { witnessOf } from './witness.ts';

/** Entries that are about to expire may be gone already. Milliseconds. */
const EXPIRING_MS = 1_000;

export function watchConvergence(scene: Scene, living: () => readonly Life[]): void {
  const { history, database, facts } = scene;
  const claimed = new Map<Life, { epoch: string | null; position: number }>();

  history.listen((entry) => {
    if (entry.what === 'over') judgeTheEnd();
    if (entry.what !== 'asked' || entry.epoch !== database.epoch) return;
    const { life, epoch, position } = entry;
    const before = claimed.get(life);
    claimed.set(life, { epoch, position });
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

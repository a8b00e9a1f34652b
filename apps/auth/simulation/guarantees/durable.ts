/** G3. What a verifier has applied it never forgets: not by a replay, a clock, or another epoch. */
import type { RevocationEvent } from '@portcullis/contracts';
import type { Life } from '../history.ts';
import { affects } from './facts.ts';
import type { Scene } from './scene.ts';

export function watchDurability({ history }: Scene): void {
  const applied = new Map<Life, RevocationEvent[]>();

  history.listen((entry) => {
    if (entry.what === 'started') {
      applied.set(entry.life, []);
    } else if (entry.what === 'applied') {
      applied.get(entry.life)?.push(entry.event);
    } else if (
      entry.what === 'judged' &&
      (entry.verdict === 'accepted' || entry.verdict === 'claims_changed')
    ) {
      const { life, token, verdict } = entry;
      for (const event of applied.get(life) ?? []) {
        if (!affects(event, token)) continue;
        if (verdict === 'claims_changed' && event.kind === 'claims_changed') continue;
        history.violated(
          'G3 durable',
          `${life.name}: ${verdict} ${token.claims.jti} though it had applied ${event.id}`,
        );
      }
    }
  });
}

/** G5. A verifier that has just started accepts nothing before its first whole grant. */
import type { Life } from '../history.ts';
import type { Scene } from './scene.ts';

export function watchColdStarts({ history }: Scene): void {
  const granted = new Set<Life>();

  history.listen((entry) => {
    if (entry.what === 'granted') {
      granted.add(entry.life);
    } else if (entry.what === 'judged' && entry.verdict === 'accepted') {
      const { life, token } = entry;
      if (granted.has(life)) return;
      history.violated('G5 cold start', `${life.name} accepted ${token.claims.jti} before a grant`);
    }
  });
}

/** The guarantees of the protocol (docs/revocation.md), each checked against the history alone. */
import type { Life } from '../history.ts';
import { watchBound } from './bounded.ts';
import { watchColdStarts } from './cold-start.ts';
import { watchConvergence } from './converging.ts';
import { watchDurability } from './durable.ts';
import { watchExactness } from './exact.ts';
import { watchOrder } from './ordered.ts';
import { watchReceipts } from './receipt.ts';
import type { Scene } from './scene.ts';

export function watchGuarantees(scene: Scene, living: () => readonly Life[]): void {
  watchColdStarts(scene);
  watchReceipts(scene);
  watchBound(scene);
  watchDurability(scene);
  watchExactness(scene);
  watchOrder(scene);
  watchConvergence(scene, living);
}

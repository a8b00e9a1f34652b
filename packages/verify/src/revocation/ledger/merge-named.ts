import {
  momentOf,
  type NamedBlock,
  type NamedKind,
  type SnapshotBlock,
} from '@portcullis/snapshot';
import type { KindStore } from './kind-store.ts';

/** Adds the entries of a kind that has names. @returns for each block, whether it has changed anything */
export function* mergeNamed(
  to: Pick<KindStore, 'raise'>,
  kind: NamedKind,
  blocks: readonly SnapshotBlock[],
): Generator<boolean, void, void> {
  const own = blocks.filter((block): block is NamedBlock => block.kind === kind);
  for (const { entries } of own) {
    let changed = false;
    for (const entry of entries) {
      const generation = 'generation' in entry ? entry.generation : 0;
      if (to.raise(entry.key, momentOf(entry.expires_at), generation)) changed = true;
    }
    yield changed;
  }
}

/**
 * Adds what a snapshot holds to a ledger. A verifier that is never far behind needs nothing of it, so it is loaded
 * with the first snapshot (`load-and-merge.ts`).
 */
import {
  momentOf,
  readSnapshot,
  type IdBlock,
  type NamedBlock,
  type SnapshotBlock,
  type SnapshotPlace,
} from '@portcullis/snapshot';
import { REVOCATION_KIND_NAMES } from '@portcullis/contracts';
import type { Clock } from '../clock.ts';
import type { Ledger, LedgerStores } from './ledger.ts';
import { byPlace } from './ledger/by-place.ts';
import type { KindStore } from './ledger/kind-store.ts';
import type { AnyRevokedIds } from './ledger/revoked-ids.ts';

/** After this long others have a turn: requests go on being answered. Milliseconds. */
const TURN_MS = 8;
/** How many blocks are put in order together: about a million entries, in 24 MB. */
const BLOCKS_AT_ONCE = 128;

/**
 * Adds what the snapshot holds, of any length, without holding up other work of the process; nothing is removed.
 *
 * @returns the state of the log that the ledger now includes
 * @throws SnapshotError, and nothing has changed, for bytes that are not one whole snapshot
 */
export async function mergeCooperatively(
  ledger: Ledger,
  clock: Pick<Clock, 'monotonic'>,
  snapshot: Uint8Array,
): Promise<SnapshotPlace> {
  const steps = mergeInSteps(ledger, snapshot);
  let turnEnds = clock.monotonic() + TURN_MS;
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (clock.monotonic() < turnEnds) continue;
    // Not by a timer: a process that sleeps has to wait for its turn on a busy machine.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    turnEnds = clock.monotonic() + TURN_MS;
  }
}

/** The same in one go. */
export function mergeSnapshot(ledger: Ledger, snapshot: Uint8Array): SnapshotPlace {
  const steps = mergeInSteps(ledger, snapshot);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same in steps of some thousand entries, for callers who give others a turn between two. */
export function* mergeInSteps(
  ledger: Ledger,
  snapshot: Uint8Array,
): Generator<void, SnapshotPlace, void> {
  const { epoch, position, blocks } = readSnapshot(snapshot);
  for (const changed of mergeBlocks(ledger.stores, blocks)) {
    if (changed) ledger.noteChange();
    yield;
  }
  return { epoch, position };
}

/** @returns at each step, whether it has changed anything */
function* mergeBlocks(
  stores: LedgerStores,
  blocks: readonly SnapshotBlock[],
): Generator<boolean, void, void> {
  for (const kind of REVOCATION_KIND_NAMES) {
    const own = blocks.filter((block) => block.kind === kind);
    const store = stores[kind];
    if (keepsIds(store)) yield* mergeIds(store, own.filter(isOfIds));
    else yield* mergeNamed(store, own.filter(isNamed));
  }
}

function* mergeIds(
  store: AnyRevokedIds,
  blocks: readonly IdBlock[],
): Generator<boolean, void, void> {
  store.expect(blocks.reduce((entries, { count }) => entries + count, 0));
  for (let first = 0; first < blocks.length; first += BLOCKS_AT_ONCE) {
    for (const records of byPlace(blocks.slice(first, first + BLOCKS_AT_ONCE), store.seed)) {
      yield store.raiseAll(records);
    }
  }
  store.expect(0);
}

function* mergeNamed(
  store: Pick<KindStore, 'raise'>,
  blocks: readonly NamedBlock[],
): Generator<boolean, void, void> {
  for (const { entries } of blocks) {
    let changed = false;
    for (const entry of entries) {
      const generation = 'generation' in entry ? entry.generation : 0;
      if (store.raise(entry.key, momentOf(entry.expires_at), generation)) changed = true;
    }
    yield changed;
  }
}

/** By what it can do, not by its class: a process that loads its modules anew, as for tests, has two of these. */
function keepsIds(store: LedgerStores[keyof LedgerStores]): store is AnyRevokedIds {
  return 'raiseAll' in store;
}

function isOfIds(block: SnapshotBlock): block is IdBlock {
  return 'count' in block;
}

function isNamed(block: SnapshotBlock): block is NamedBlock {
  return !isOfIds(block);
}

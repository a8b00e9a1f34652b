/**
 * What a ledger keeps, without the bytes of snapshots: for verifiers, which read the first snapshot much later than the
 * first revocation, and most of them none.
 */
export { decodeId, lastBitsOf } from './id-words.ts';
export {
  FOR_EVER,
  ID_KINDS,
  momentOf,
  type IdKind,
  type NamedKind,
  type RevocationEntry,
  type SnapshotPlace,
} from './snapshot.ts';

export { encodeId } from './encode-id.ts';
export { decodeId, lastBitsOf } from './id-words.ts';
export {
  expiryOf,
  FOR_EVER,
  ID_KINDS,
  momentOf,
  type IdKind,
  type NamedKind,
  type RevocationEntry,
  type SnapshotPlace,
} from './snapshot.ts';
export { encodePart, joinParts, type SnapshotPart } from './snapshot-parts.ts';
export {
  readLastBits,
  readRecord,
  readSnapshot,
  SnapshotError,
  type IdBlock,
  type NamedBlock,
  type Snapshot,
  type SnapshotBlock,
} from './snapshot-reader.ts';
export { encodeSnapshot, SnapshotWriter } from './snapshot-writer.ts';

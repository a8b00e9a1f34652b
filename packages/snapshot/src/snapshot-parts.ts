/**
 * Parts of snapshots, for an issuer that keeps what is revoked as the very bytes that it sends: a snapshot
 * is then put together without looking at its entries again.
 */
import { crc32 } from './crc32.ts';
import { encodeId } from './encode-id.ts';
import {
  BLOCK_HEAD_LENGTH,
  CRC_LENGTH,
  END,
  type RevocationEntry,
  type SnapshotPlace,
} from './snapshot.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

export interface SnapshotPart {
  readonly entries: number;
  /** Whole blocks. */
  readonly blocks: readonly Uint8Array[];
}

/** @throws TypeError for a key that is not one of its kind */
export function encodePart(entries: readonly RevocationEntry[]): SnapshotPart {
  const writer = new SnapshotWriter({ epoch: NO_EPOCH, position: 0 });
  for (const entry of entries) writer.add(entry);
  // Without the head and the end. Copied, since a block that is not full holds on to its whole room.
  const blocks = writer.finish().slice(1, -1);
  return { entries: entries.length, blocks: blocks.map((block) => block.slice()) };
}

/** @returns a snapshot, in chunks that are the parts' own bytes */
export function joinParts(place: SnapshotPlace, parts: readonly SnapshotPart[]): Uint8Array[] {
  const entries = parts.reduce((sum, part) => sum + part.entries, 0);
  const head = new SnapshotWriter(place).take();
  return [...head, ...parts.flatMap(({ blocks }) => blocks), endAfter(entries)];
}

const NO_EPOCH = encodeId('epo', new Int32Array(4));

function endAfter(entries: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(BLOCK_HEAD_LENGTH + CRC_LENGTH));
  bytes.setUint8(0, END);
  bytes.setUint32(4, entries, true);
  bytes.setUint32(BLOCK_HEAD_LENGTH, crc32(bytes, 0, BLOCK_HEAD_LENGTH), true);
  return new Uint8Array(bytes.buffer);
}

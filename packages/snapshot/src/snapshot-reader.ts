/** Reads snapshots; snapshot.ts says what they look like. */
import {
  isClientId,
  isClientSubject,
  isKeyId,
  REVOCATION_KIND_NAMES,
  REVOCATION_KINDS,
  type RevocationKind,
} from '@portcullis/contracts';
import { crc32 } from './crc32.ts';
import { encodeId } from './encode-id.ts';
import {
  BLOCK_HEAD_LENGTH,
  CRC_LENGTH,
  END,
  expiryOf,
  HEAD_LENGTH,
  ID_KINDS,
  MAGIC,
  MAX_BLOCK_ENTRIES,
  SNAPSHOT_VERSION,
  type IdKind,
  type NamedKind,
  type RevocationEntry,
  type SnapshotPlace,
} from './snapshot.ts';

/** Entries that are identifiers, as bytes, for a ledger that keeps them so: millions of them. */
export interface IdBlock {
  kind: IdKind;
  count: number;
  entries: DataView;
}
/** Entries that have names: few. */
export interface NamedBlock {
  kind: NamedKind;
  entries: RevocationEntry[];
}
export type SnapshotBlock = IdBlock | NamedBlock;

export interface Snapshot extends SnapshotPlace {
  /** The number of entries in all blocks. */
  entries: number;
  blocks: SnapshotBlock[];
}

/**
 * Checks all of it before it returns any of it. What it returns are views of `bytes`.
 *
 * @throws SnapshotError for bytes that are not exactly one whole snapshot
 */
export function readSnapshot(bytes: Uint8Array): Snapshot {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const place = readHead(view);
  const blocks: SnapshotBlock[] = [];
  let entries = 0;
  for (let start = HEAD_LENGTH; ;) {
    const block = frame(view, start);
    start = block.end;
    if (block.code === END) {
      ensure(block.count === entries, 'blocks are missing');
      ensure(block.entries.byteLength === 0 && start === view.byteLength, 'something follows');
      return { ...place, entries, blocks };
    }
    ensure(block.count >= 1 && block.count <= MAX_BLOCK_ENTRIES, 'the number of entries');
    blocks.push(readBlock(block));
    entries += block.count;
  }
}

/**
 * @param records receives, from `to` on, the identifier's four words, the most significant first, the
 *   moment, and the generation or zero; words are signed, only their bits matter
 */
export function readRecord(block: IdBlock, index: number, records: Int32Array, to: number): void {
  const { length, hasGeneration } = ID_KINDS[block.kind];
  const { entries } = block;
  const at = index * length;
  records[to] = entries.getInt32(at + 12, true);
  records[to + 1] = entries.getInt32(at + 8, true);
  records[to + 2] = entries.getInt32(at + 4, true);
  records[to + 3] = entries.getInt32(at, true);
  records[to + 4] = entries.getInt32(at + 16, true);
  records[to + 5] = hasGeneration ? entries.getInt32(at + 20, true) : 0;
}

/** The last of the identifier's words alone. */
export function readLastBits(block: IdBlock, index: number): number {
  return block.entries.getInt32(index * ID_KINDS[block.kind].length, true);
}

export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

interface Frame {
  code: number;
  count: number;
  entries: DataView;
  /** Where the next one begins. */
  end: number;
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new SnapshotError(`not a snapshot: ${what}`);
}

function readHead(view: DataView): SnapshotPlace {
  ensure(view.byteLength >= HEAD_LENGTH && view.getUint32(0, true) === MAGIC, 'another format');
  ensure(view.getUint16(4, true) === SNAPSHOT_VERSION, 'another version');
  ensure(view.getUint32(32, true) === crc32(view, 0, 32), 'the head is damaged');
  ensure(view.getUint16(6, true) === 0, 'the head');
  const words = Int32Array.of(20, 16, 12, 8).map((at) => view.getInt32(at, true));
  const position = Number(view.getBigUint64(24, true));
  ensure(Number.isSafeInteger(position), 'the position');
  return { epoch: encodeId('epo', words), position };
}

function frame(view: DataView, start: number): Frame {
  const from = start + BLOCK_HEAD_LENGTH;
  ensure(from + CRC_LENGTH <= view.byteLength, 'cut off');
  const length = view.getUint32(start + 8, true);
  const to = from + length;
  ensure(to + CRC_LENGTH <= view.byteLength, 'cut off');
  ensure(view.getUint32(to, true) === crc32(view, start, to), 'a block is damaged');
  ensure((view.getUint32(start, true) & 0xffff_ff00) === 0, 'a block');
  return {
    code: view.getUint8(start),
    count: view.getUint32(start + 4, true),
    entries: new DataView(view.buffer, view.byteOffset + from, length),
    end: to + CRC_LENGTH,
  };
}

/** A kind of the table that is missing here does not compile. */
const NAMED_READERS: Readonly<Record<NamedKind, (from: Fields) => RevocationEntry>> = {
  client: readClient,
  client_subject: readClientSubject,
  key: readKey,
  issuer: readIssuer,
};

type ReadBlock = (count: number, entries: DataView) => SnapshotBlock;

/** By their codes: how blocks are read. */
const BLOCKS: ReadonlyMap<number, ReadBlock> = new Map<number, ReadBlock>([
  ...keysOf(ID_KINDS).map((kind): [number, ReadBlock] => [
    REVOCATION_KINDS[kind].snapshot.code,
    (count, entries) => ids(kind, count, entries),
  ]),
  ...keysOf(NAMED_READERS).map((kind): [number, ReadBlock] => [
    REVOCATION_KINDS[kind].snapshot.code,
    (count, entries) => ({ kind, entries: named(count, entries, NAMED_READERS[kind]) }),
  ]),
]);

function keysOf<K extends RevocationKind>(of: Readonly<Record<K, unknown>>): K[] {
  return REVOCATION_KIND_NAMES.filter((kind): kind is K => Object.hasOwn(of, kind));
}

function readBlock({ code, count, entries }: Frame): SnapshotBlock {
  const read = BLOCKS.get(code);
  if (read === undefined) throw new SnapshotError('not a snapshot: an unknown kind');
  return read(count, entries);
}

function ids(kind: IdKind, count: number, entries: DataView): IdBlock {
  const { length, hasGeneration } = ID_KINDS[kind];
  ensure(entries.byteLength === count * length, 'the length of the entries');
  for (let at = 16; at < entries.byteLength; at += length) {
    ensure(entries.getInt32(at, true) !== 0, 'a moment');
    ensure(!hasGeneration || entries.getInt32(at + 4, true) >= 0, 'a generation');
  }
  return { kind, count, entries };
}

function named(
  count: number,
  entries: DataView,
  read: (from: Fields) => RevocationEntry,
): RevocationEntry[] {
  const fields = new Fields(entries);
  const all = Array.from({ length: count }, () => read(fields));
  ensure(fields.atEnd, 'the length of the entries');
  return all;
}

function readClient(from: Fields): RevocationEntry {
  const [expires, generation, name] = [from.moment(), from.generation(), from.text()];
  ensure(isClientId(name), 'the name of a client');
  return { kind: 'client', key: name, generation, expires_at: expires };
}

function readClientSubject(from: Fields): RevocationEntry {
  const [expires, generation, name] = [from.moment(), from.generation(), from.text()];
  ensure(isClientSubject(name), 'the names of a client and a user');
  return { kind: 'client_subject', key: name, generation, expires_at: expires };
}

function readKey(from: Fields): RevocationEntry {
  const key = from.text();
  ensure(isKeyId(key), 'the name of a key');
  return { kind: 'key', key, expires_at: null };
}

function readIssuer(from: Fields): RevocationEntry {
  return { kind: 'issuer', key: 'issuer', generation: from.generation(), expires_at: null };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The fields of entries, one after the other. */
class Fields {
  readonly #view: DataView;
  #at = 0;

  constructor(view: DataView) {
    this.#view = view;
  }

  get atEnd(): boolean {
    return this.#at === this.#view.byteLength;
  }

  moment(): number | null {
    const moment = this.#view.getUint32(this.#take(4), true);
    ensure(moment !== 0, 'a moment');
    return expiryOf(moment);
  }

  generation(): number {
    const generation = this.#view.getInt32(this.#take(4), true);
    ensure(generation >= 0, 'a generation');
    return generation;
  }

  text(): string {
    const length = this.#view.getUint16(this.#take(2), true);
    const at = this.#view.byteOffset + this.#take(length);
    try {
      return utf8.decode(new Uint8Array(this.#view.buffer, at, length));
    } catch (cause) {
      throw new SnapshotError('not a snapshot: a name', { cause });
    }
  }

  #take(length: number): number {
    const at = this.#at;
    ensure(at + length <= this.#view.byteLength, 'an entry is cut off');
    this.#at = at + length;
    return at;
  }
}

/** Writes snapshots; snapshot.ts says what they look like. */
import { isRevocationKind, REVOCATION_KINDS } from '@portcullis/contracts';
import { crc32 } from './crc32.ts';
import { decodeId } from './id-words.ts';
import {
  BLOCK_HEAD_LENGTH,
  CRC_LENGTH,
  END,
  HEAD_LENGTH,
  MAGIC,
  MAX_BLOCK_ENTRIES,
  momentOf,
  SNAPSHOT_VERSION,
  type RevocationEntry,
  type SnapshotPlace,
} from './snapshot.ts';

/** A block is sent when it could not take another entry of the longest kind. */
const BLOCK_LENGTH = BLOCK_HEAD_LENGTH + MAX_BLOCK_ENTRIES * 24 + CRC_LENGTH;
const MAX_NAME_LENGTH = 256;

/**
 * Takes entries in any order, for instance as rows come from a database, and gives chunks of bytes
 * whenever some are ready. All chunks one after the other are the snapshot; without the last ones, of
 * `finish`, it is refused.
 */
export class SnapshotWriter {
  readonly #open = new Map<number, OpenBlock>();
  readonly #words = new Int32Array(4);
  #ready: Uint8Array[] = [];
  #entries = 0;

  constructor(place: SnapshotPlace) {
    this.#ready.push(head(place));
  }

  /** @throws TypeError for what is not an entry of its kind; the writer is as it was before */
  add(entry: RevocationEntry): void {
    const { kind, key, expires_at: expiresAt } = entry;
    // Rows of a database come here too, and there may be one of a kind to come.
    if (!isRevocationKind(kind)) throw new TypeError('an unknown kind of revocation');
    const spec = REVOCATION_KINDS[kind];
    const generation = 'generation' in entry ? entry.generation : undefined;
    if ((spec.generation !== null) !== (generation !== undefined)) {
      throw new TypeError(`not the generation of a ${kind}`);
    }
    if (spec.snapshot.form === 'id') {
      const block = this.#addId(spec.snapshot.code, spec.key, key);
      block.number(momentOf(expiresAt));
      if (generation !== undefined) block.number(generation);
    } else {
      const name = spec.carrier === null ? undefined : nameOf(key);
      const block = this.#block(spec.snapshot.code);
      if (spec.kept === 'token life') block.number(momentOf(expiresAt));
      if (generation !== undefined) block.number(generation);
      if (name !== undefined) block.text(name);
    }
    this.#entries += 1;
  }

  /** @returns the chunks that are ready, in order; each is given once */
  take(): Uint8Array[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** @returns the last chunks */
  finish(): Uint8Array[] {
    for (const block of this.#open.values()) this.#ready.push(block.close());
    this.#open.clear();
    this.#ready.push(new OpenBlock(END, 0).close(this.#entries));
    return this.take();
  }

  #addId(code: number, prefix: string, key: string): OpenBlock {
    const words = this.#words;
    if (!decodeId(key, prefix, words)) throw new TypeError(`not an identifier ${prefix}_…`);
    const block = this.#block(code);
    for (let word = 3; word >= 0; word -= 1) block.number(words[word] ?? 0);
    return block;
  }

  /** A block of this kind with room for an entry, which is counted. */
  #block(code: number): OpenBlock {
    let block = this.#open.get(code);
    if (block?.isFull === true) {
      this.#ready.push(block.close());
      block = undefined;
    }
    if (block === undefined) this.#open.set(code, (block = new OpenBlock(code, BLOCK_LENGTH)));
    block.count += 1;
    return block;
  }
}

/** A snapshot of these entries, in chunks, made as they are asked for. */
export function* encodeSnapshot(
  place: SnapshotPlace,
  entries: Iterable<RevocationEntry>,
): Generator<Uint8Array, void, void> {
  const writer = new SnapshotWriter(place);
  for (const entry of entries) {
    writer.add(entry);
    yield* writer.take();
  }
  yield* writer.finish();
}

const utf8 = new TextEncoder();

function nameOf(key: string): Uint8Array {
  const name = utf8.encode(key);
  if (name.length > MAX_NAME_LENGTH) throw new TypeError('a name beyond 256 bytes');
  return name;
}

class OpenBlock {
  readonly #code: number;
  readonly #bytes: DataView;
  #end = BLOCK_HEAD_LENGTH;
  count = 0;

  constructor(code: number, length: number) {
    this.#code = code;
    this.#bytes = new DataView(new ArrayBuffer(Math.max(length, BLOCK_HEAD_LENGTH + CRC_LENGTH)));
  }

  get isFull(): boolean {
    const left = this.#bytes.byteLength - CRC_LENGTH - this.#end;
    return this.count === MAX_BLOCK_ENTRIES || left < 10 + MAX_NAME_LENGTH;
  }

  number(value: number): void {
    this.#bytes.setUint32(this.#end, value, true);
    this.#end += 4;
  }

  text(name: Uint8Array): void {
    this.#bytes.setUint16(this.#end, name.length, true);
    new Uint8Array(this.#bytes.buffer).set(name, this.#end + 2);
    this.#end += 2 + name.length;
  }

  close(count: number = this.count): Uint8Array {
    const bytes = this.#bytes;
    bytes.setUint8(0, this.#code);
    bytes.setUint32(4, count, true);
    bytes.setUint32(8, this.#end - BLOCK_HEAD_LENGTH, true);
    bytes.setUint32(this.#end, crc32(bytes, 0, this.#end), true);
    return new Uint8Array(bytes.buffer, 0, this.#end + CRC_LENGTH);
  }
}

function head({ epoch, position }: SnapshotPlace): Uint8Array {
  const words = new Int32Array(4);
  if (!decodeId(epoch, 'epo', words)) throw new TypeError('not the id of an epoch');
  const bytes = new DataView(new ArrayBuffer(HEAD_LENGTH));
  bytes.setUint32(0, MAGIC, true);
  bytes.setUint16(4, SNAPSHOT_VERSION, true);
  for (let word = 0; word < 4; word += 1) bytes.setInt32(20 - word * 4, words[word] ?? 0, true);
  bytes.setBigUint64(24, BigInt(position), true);
  bytes.setUint32(32, crc32(bytes, 0, 32), true);
  return new Uint8Array(bytes.buffer);
}

/**
 * The binary snapshot: every revocation in force at a position of the log, or later ones too.
 *
 * For the cold start of a verifier. Its reader merges it into what it has and never replaces that, so
 * that order does not matter and repetition does no harm. It may be cut into chunks anywhere.
 *
 * All numbers are unsigned and little-endian. `id` is 16 bytes: the 128 bits of an identifier as one
 * number. `moment` is 4 bytes: seconds since the epoch, rounded up, at least 1; 0xffffffff: for ever.
 * `generation` is 4 bytes, at most 0x7fffffff. `text` is 2 bytes of length, then that many of UTF-8.
 * `crc` is 4 bytes: the CRC-32 (ISO 3309, as in zlib) of what stands before it in its block.
 *
 *   snapshot   head, block …, end
 *
 *   head       0  4  50 43 52 53 ("PCRS")
 *              4  2  version, 1
 *              6  2  zero
 *              8 16  id of the epoch (`epo_…`)
 *             24  8  position: everything in the log up to here is in the snapshot, or has expired
 *             32  4  crc
 *
 *   block      0  1  kind, below
 *              1  3  zero
 *              4  4  number of entries, at least 1, at most 8192
 *              8  4  length of the entries in bytes
 *             12  …  entries, one after the other
 *              …  4  crc
 *
 *   end        a block of kind 0 with no entries of its own: the number of entries in all blocks
 *              before it stands in place of its own, and its length is 0. Nothing follows.
 *
 * Kinds, codes and forms are those of the table of the contracts (revocation-kinds.ts). A named entry has its
 * moment unless it is kept for ever, its generation where its kind has one, and its key unless there is one alone:
 *
 *   kind       1  session  id (`ses_…`), moment
 *              2  token    id (`tok_…`), moment
 *              3  subject  id (`usr_…`), moment, generation
 *              4  claims_changed  id (`usr_…`), moment, generation
 *              5  client   moment, generation, text (`cli_…`)
 *              6  key      text (`key_…`)
 *              7  issuer   generation
 *              8  client_subject  moment, generation, text (`cli_…/usr_…`)
 *
 * A new kind has a new code, under the same version: only a snapshot that holds such an entry is refused by
 * readers who do not know it.
 *
 * A reader refuses the whole for anything else: a kind that it does not know is one that it could not
 * enforce. The checksum is against damage; who may send snapshots is decided elsewhere.
 */
import {
  REVOCATION_KINDS,
  type EpochId,
  type KindsOfForm,
  type RevocationEvent,
} from '@portcullis/contracts';

/** What a ledger needs to know of an event. */
export type RevocationEntry = EntryOf<RevocationEvent>;
type EntryOf<E> = E extends unknown
  ? Pick<E, Extract<keyof E, 'kind' | 'key' | 'generation' | 'expires_at'>>
  : never;

/** The state of the log that a snapshot vouches for. */
export interface SnapshotPlace {
  epoch: EpochId;
  position: number;
}

export const MAGIC = 0x5352_4350;
export const SNAPSHOT_VERSION = 1;
export const HEAD_LENGTH = 36;
/** What a block has before its entries, and after. */
export const BLOCK_HEAD_LENGTH = 12;
export const CRC_LENGTH = 4;
export const MAX_BLOCK_ENTRIES = 8_192;
export const END = 0;

/** The moment that never comes. */
export const FOR_EVER = 0xffff_ffff;

/** The kinds whose entries are identifiers, all of one length. */
export type IdKind = KindsOfForm<'id'>;
/** Those whose keys stand there as text, where there is more than one. */
export type NamedKind = KindsOfForm<'named'>;

interface IdLayout<K extends IdKind> {
  readonly prefix: (typeof REVOCATION_KINDS)[K]['key'];
  /** Of an entry, in bytes. */
  readonly length: number;
  readonly hasGeneration: boolean;
}

/** A kind of the table that is missing here does not compile. */
export const ID_KINDS: { readonly [K in IdKind]: IdLayout<K> } = {
  session: layoutOf('session'),
  token: layoutOf('token'),
  subject: layoutOf('subject'),
  claims_changed: layoutOf('claims_changed'),
};

function layoutOf<K extends IdKind>(kind: K): IdLayout<K> {
  const { key: prefix, generation }: (typeof REVOCATION_KINDS)[K] = REVOCATION_KINDS[kind];
  const hasGeneration = generation !== null;
  return { prefix, length: hasGeneration ? 24 : 20, hasGeneration };
}

/** @param expiresAt milliseconds since the epoch; null: never @returns seconds, never earlier */
export function momentOf(expiresAt: number | null): number {
  return expiresAt === null
    ? FOR_EVER
    : Math.min(FOR_EVER, Math.max(1, Math.ceil(expiresAt / 1_000)));
}

/** @returns milliseconds since the epoch; null: never */
export function expiryOf(moment: number): number | null {
  return moment === FOR_EVER ? null : moment * 1_000;
}

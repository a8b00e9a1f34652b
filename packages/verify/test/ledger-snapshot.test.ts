/** Snapshots: the bytes, byte by byte; any entries there and back; and anything else refused whole. */
import { crc32 as zlibCrc32 } from 'node:zlib';
import {
  clientSubjectOf,
  newId,
  type ClientId,
  type ClientSubject,
  type EpochId,
  type KeyId,
  type SessionId,
  type TokenId,
  type UserId,
} from '@portcullis/contracts';
import {
  encodeId,
  encodeSnapshot,
  readSnapshot,
  SnapshotError,
  SnapshotWriter,
  type RevocationEntry,
} from '@portcullis/snapshot';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { entriesOf } from '../src/revocation/ledger-entries.ts';
import { Ledger } from '../src/revocation/ledger.ts';
import { mergeInSteps, mergeSnapshot } from '../src/revocation/merge-snapshot.ts';

const PLACE = { epoch: 'epo_01jd0000000000000000000000' as EpochId, position: 4_711 };
const words = fc.int32Array({ minLength: 4, maxLength: 4 });
const idOf = <P extends string>(prefix: P) =>
  words.map((all) => encodeId(prefix, Int32Array.from(all)));
const expires = fc.option(fc.integer({ min: 1, max: 0xffff_fffe }), { nil: null, freq: 9 });
const at = expires.map((seconds) => (seconds === null ? null : seconds * 1_000));
const generation = fc.integer({ min: 0, max: 0x7fff_ffff });

const anyEntry: fc.Arbitrary<RevocationEntry> = fc.oneof(
  fc.record({ kind: fc.constant('session' as const), key: idOf('ses'), expires_at: at }),
  fc.record({ kind: fc.constant('token' as const), key: idOf('tok'), expires_at: at }),
  fc.record({
    kind: fc.constantFrom('subject' as const, 'claims_changed' as const),
    key: idOf('usr'),
    generation,
    expires_at: at,
  }),
  fc.record({
    kind: fc.constant('client' as const),
    key: fc.stringMatching(/^cli_[a-z0-9][a-z0-9_-]{0,47}$/) as fc.Arbitrary<ClientId>,
    generation,
    expires_at: at,
  }),
  fc.record({
    kind: fc.constant('client_subject' as const),
    key: fc
      .tuple(fc.stringMatching(/^cli_[a-z0-9][a-z0-9_-]{0,47}$/), idOf('usr'))
      .map(([client, user]) => clientSubjectOf(client as ClientId, user as UserId)),
    generation,
    expires_at: at,
  }),
  fc.record({
    kind: fc.constant('key' as const),
    key: idOf('key') as fc.Arbitrary<KeyId>,
    expires_at: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('issuer' as const),
    key: fc.constant('issuer' as const),
    generation: fc.integer({ min: 1, max: 0x7fff_ffff }),
    expires_at: fc.constant(null),
  }),
);

function snapshotOf(entries: Iterable<RevocationEntry>): Buffer {
  return Buffer.concat([...encodeSnapshot(PLACE, entries)]);
}

function ledgerOf(entries: Iterable<RevocationEntry>): Ledger {
  const ledger = new Ledger();
  for (const entry of entries) ledger.apply(entry);
  return ledger;
}

const contents = (ledger: Ledger): string[] =>
  [...entriesOf(ledger)].map((entry) => JSON.stringify(entry)).toSorted();

const ONE_OF_EACH: RevocationEntry[] = [
  { kind: 'session', key: 'ses_00000000000000000000000001' as SessionId, expires_at: 1_001 },
  { kind: 'token', key: 'tok_7zzzzzzzzzzzzzzzzzzzzzzzzz' as TokenId, expires_at: null },
  {
    kind: 'subject',
    key: 'usr_00000000000000000000000040' as UserId,
    generation: 258,
    expires_at: 4_294_967_294_000,
  },
  {
    kind: 'claims_changed',
    key: 'usr_01000000000000000000000000' as UserId,
    generation: 0x7fff_ffff,
    expires_at: 0,
  },
  { kind: 'client', key: 'cli_ab' as ClientId, generation: 3, expires_at: 2_000 },
  { kind: 'key', key: 'key_00000000000000000000000000' as KeyId, expires_at: null },
  { kind: 'issuer', key: 'issuer', generation: 9, expires_at: null },
  {
    kind: 'client_subject',
    key: 'cli_ab/usr_00000000000000000000000001' as ClientSubject,
    generation: 4,
    expires_at: 3_000,
  },
];

describe('a snapshot', () => {
  it('has the bytes that its description says', () => {
    const zeros = (count: number) => '00'.repeat(count);
    // What stands before a checksum, block by block, from the description alone.
    const blocks = [
      // The epoch's digits 1, 18 and 13 stand for the bits from 120, 115 and 110 on.
      `50435253 0100 0000 ${zeros(13)}409301 6712000000000000`,
      `01000000 01000000 14000000 01${zeros(15)} 02000000`,
      `02000000 01000000 14000000 ${'ff'.repeat(16)} ffffffff`,
      `03000000 01000000 18000000 80${zeros(15)} feffffff 02010000`,
      `04000000 01000000 18000000 ${zeros(15)}01 01000000 ffffff7f`,
      `05000000 01000000 10000000 02000000 03000000 0600 ${Buffer.from('cli_ab').toString('hex')}`,
      `06000000 01000000 20000000 1e00 ${Buffer.from('key_' + '0'.repeat(26)).toString('hex')}`,
      `07000000 01000000 04000000 09000000`,
      `08000000 01000000 2f000000 03000000 04000000 2500 ${Buffer.from(`cli_ab/usr_${'0'.repeat(25)}1`).toString('hex')}`,
      `00000000 08000000 00000000`,
    ].map((hex) => {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      const crc = Buffer.alloc(4);
      crc.writeUInt32LE(zlibCrc32(bytes));
      return Buffer.concat([bytes, crc]);
    });
    expect(snapshotOf(ONE_OF_EACH).toString('hex')).toBe(Buffer.concat(blocks).toString('hex'));
  });

  it('brings any entries there and back, in any order, and says what it vouches for', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 60 }), (entries) => {
        const ledger = ledgerOf(entries);
        const merged = new Ledger();
        expect(mergeSnapshot(merged, snapshotOf(entries))).toEqual(PLACE);
        expect(contents(merged)).toEqual(contents(ledger));
        expect(merged.size).toBe(ledger.size);
        // And once more from the ledger itself.
        const again = new Ledger();
        mergeSnapshot(again, Buffer.concat([...encodeSnapshot(PLACE, entriesOf(merged))]));
        expect(contents(again)).toEqual(contents(ledger));
      }),
      { numRuns: 200 },
    );
  });

  it('is merged into what is there, and takes nothing away', () => {
    fc.assert(
      fc.property(
        fc.array(anyEntry, { maxLength: 20 }),
        fc.array(anyEntry, { maxLength: 20 }),
        (held, sent) => {
          const ledger = ledgerOf(held);
          mergeSnapshot(ledger, snapshotOf([...sent, ...held.slice(5)]));
          expect(contents(ledger)).toEqual(contents(ledgerOf([...held, ...sent])));
        },
      ),
    );
  });

  it('is merged whole by modules that were loaded anew, as tests and servers that reload do', async () => {
    const ledger = new Ledger();
    vi.resetModules();
    const anew = await import('../src/revocation/merge-snapshot.ts');
    expect(anew.mergeSnapshot).not.toBe(mergeSnapshot);
    const entries = fc.sample(anyEntry, { numRuns: 60, seed: 7 });
    const bytes = snapshotOf(entries);
    anew.mergeSnapshot(ledger, bytes);
    const other = new Ledger();
    mergeSnapshot(other, bytes);
    expect(ledger.size).toBe(other.size);
    expect(ledger.size).toBeGreaterThan(40);
  });

  it('of many entries comes in chunks, and is merged in steps', () => {
    const entries = Array.from({ length: 40_000 }, (_, i): RevocationEntry =>
      i % 4 === 0
        ? { kind: 'claims_changed', key: newId('usr'), generation: i, expires_at: 9_000 }
        : { kind: 'session', key: newId('ses'), expires_at: 5_000 + i },
    );
    const chunks = [...encodeSnapshot(PLACE, entries)];
    expect(chunks.length).toBeGreaterThan(5);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(200_000);
    const bytes = Buffer.concat(chunks);
    expect(readSnapshot(bytes).entries).toBe(entries.length);

    const ledger = new Ledger();
    let steps = 0;
    for (const merging = mergeInSteps(ledger, bytes); merging.next().done !== true;) {
      steps += 1;
      // Others have their turns meanwhile.
      ledger.apply({ kind: 'session', key: newId('ses'), expires_at: 9_999 });
      ledger.evict(0);
    }
    expect(steps).toBeGreaterThan(10);
    expect(ledger.size).toBe(entries.length + steps);
    expect(entries.filter((entry) => ledger.apply(entry))).toEqual([]);
  });

  it('may lie anywhere in its buffer', () => {
    const snapshot = snapshotOf(ONE_OF_EACH);
    const around = Buffer.concat([Buffer.from('x'), snapshot, Buffer.from('yz')]);
    expect(readSnapshot(around.subarray(1, 1 + snapshot.length)).entries).toBe(8);
  });

  it('of nothing is a snapshot', () => {
    const ledger = new Ledger();
    expect(mergeSnapshot(ledger, snapshotOf([]))).toEqual(PLACE);
    expect(ledger.version).toBe(0);
  });

  it('is not written with a key that is none, and the writer goes on', () => {
    const writer = new SnapshotWriter(PLACE);
    const wrong = [
      { kind: 'session', key: newId('usr'), expires_at: null },
      { kind: 'subject', key: 'cli_a', generation: 1, expires_at: null },
      { kind: 'client', key: `cli_${'x'.repeat(300)}`, generation: 1, expires_at: null },
    ] as RevocationEntry[];
    for (const entry of wrong) expect(() => writer.add(entry)).toThrow(TypeError);
    for (const entry of ONE_OF_EACH) writer.add(entry);
    const bytes = Buffer.concat([...writer.take(), ...writer.finish()]);
    expect(bytes.equals(snapshotOf(ONE_OF_EACH))).toBe(true);
  });
});

describe('what is not a snapshot', () => {
  const good = snapshotOf([...ONE_OF_EACH, ...ONE_OF_EACH.slice(0, 2)]);

  function refused(bytes: Uint8Array): void {
    const ledger = ledgerOf(ONE_OF_EACH.slice(0, 1));
    const before = [contents(ledger), ledger.version];
    expect(() => mergeSnapshot(ledger, bytes)).toThrow(SnapshotError);
    expect([contents(ledger), ledger.version]).toEqual(before);
  }

  it('is refused when it is cut off anywhere, or goes on', () => {
    for (let length = 0; length < good.length; length += 1) refused(good.subarray(0, length));
    refused(Buffer.concat([good, Buffer.alloc(1)]));
    refused(Buffer.concat([good, good]));
  });

  it('is refused with any bit turned', () => {
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const bytes = Buffer.from(good);
      bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      refused(bytes);
    }
  });

  it('is refused, or is one, for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refused));
  });

  /** Blocks with their checksums right, so that only what is said is wrong. */
  function forged(...blocks: (string | Buffer)[]): Buffer {
    return Buffer.concat(
      blocks.flatMap((block) => {
        const bytes =
          typeof block === 'string' ? Buffer.from(block.replaceAll(' ', ''), 'hex') : block;
        const crc = Buffer.alloc(4);
        crc.writeUInt32LE(zlibCrc32(bytes));
        return [bytes, crc];
      }),
    );
  }

  const HEAD = '50435253 0100 0000 00000000000000000000000000000000 0000000000000000';
  const END_OF = (count: string) => `00000000 ${count}000000 00000000`;
  const ID = '01000000000000000000000000000000';

  it.each<[string, string[]]>([
    ['another magic', [HEAD.replace('504352', '504353'), END_OF('00')]],
    ['another version', [HEAD.replace('0100', '0200'), END_OF('00')]],
    ['more in the head', [HEAD.replace('0100 0000', '0100 0001'), END_OF('00')]],
    ['a position beyond exactness', [HEAD.replace(/0{16}$/, '0000000000002000'), END_OF('00')]],
    ['no end', [HEAD]],
    ['two ends', [HEAD, END_OF('00'), END_OF('00')]],
    ['an end that counts more', [HEAD, END_OF('01')]],
    ['an end with a length', [HEAD, '00000000 00000000 04000000 00000000']],
    ['an unknown kind', [HEAD, '08000000 01000000 04000000 00000000', END_OF('01')]],
    ['more beside the kind', [HEAD, `01000001 01000000 14000000 ${ID} 01000000`, END_OF('01')]],
    ['an empty block', [HEAD, '01000000 00000000 00000000', END_OF('00')]],
    ['fewer bytes than entries', [HEAD, `01000000 02000000 14000000 ${ID} 01000000`, END_OF('02')]],
    [
      'more bytes than entries',
      [HEAD, `07000000 01000000 08000000 0100000001000000`, END_OF('01')],
    ],
    ['a moment of zero', [HEAD, `01000000 01000000 14000000 ${ID} 00000000`, END_OF('01')]],
    [
      'a generation beyond its bound',
      [HEAD, `03000000 01000000 18000000 ${ID} 01000000 00000080`, END_OF('01')],
    ],
    ["an issuer's generation too", [HEAD, '07000000 01000000 04000000 ffffffff', END_OF('01')]],
    [
      'a client of another name',
      [HEAD, `05000000 01000000 10000000 01000000 01000000 0600 636c695f4142`, END_OF('01')],
    ],
    [
      'a name that is not UTF-8',
      [HEAD, `05000000 01000000 10000000 01000000 01000000 0600 636c695f61ff`, END_OF('01')],
    ],
    [
      'a name longer than its block',
      [HEAD, `05000000 01000000 10000000 01000000 01000000 0700 636c695f6161`, END_OF('01')],
    ],
    ['a key that is none', [HEAD, `06000000 01000000 04000000 0200 6162`, END_OF('01')]],
    ['a length beyond the end', [HEAD, `01000000 01000000 ffffffff ${ID} 01000000`, END_OF('01')]],
  ])('is refused with its checksums right: %s', (_, blocks) => {
    refused(forged(...blocks));
  });

  it('is refused with more entries in a block than there may be', () => {
    const block = Buffer.alloc(12 + 8_193 * 4);
    block.writeUInt8(7, 0);
    block.writeUInt32LE(8_193, 4);
    block.writeUInt32LE(8_193 * 4, 8);
    const end = Buffer.alloc(12);
    end.writeUInt32LE(8_193, 4);
    refused(forged(HEAD, block, end));
  });

  it('is refused with a block left out, or twice', () => {
    const block = `07000000 01000000 04000000 01000000`;
    expect(readSnapshot(forged(HEAD, block, END_OF('01'))).entries).toBe(1);
    refused(forged(HEAD, END_OF('01')));
    refused(forged(HEAD, block, block, END_OF('01')));
  });
});

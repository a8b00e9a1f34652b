/** Each kind of the table of revocations, in every place of a verifier that has to know it. */
import { crc32 } from 'node:zlib';
import {
  newId,
  readRevocationEvent,
  Refusal,
  refuses,
  REVOCATION_KIND_NAMES,
  REVOCATION_KINDS,
  type AccessTokenClaims,
  type RevocationKind,
} from '@portcullis/contracts';
import { revocationEvent } from '@portcullis/contracts/schemas';
import { encodeSnapshot, type RevocationEntry } from '@portcullis/snapshot';
import { createTestIssuer, revocationsOf, type TestIssuer } from '@portcullis/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVerifier, type RevocationFeed, type Verifier } from '../src/index.ts';
import { entriesOf } from '../src/revocation/ledger-entries.ts';
import { Ledger, type Verdict } from '../src/revocation/ledger.ts';
import { mergeSnapshot } from '../src/revocation/merge-snapshot.ts';
import { ofMachine, somethingOf, tokenWith } from './kinds-at-random.ts';

const PLACE = { epoch: newId('epo'), position: 1 };

/** What the table says, with none of the ledger's ways. */
function judgedByTable(
  entries: readonly RevocationEntry[],
  claims: AccessTokenClaims,
  kid: string,
): Verdict {
  const verdicts = new Set(
    entries
      .filter((entry) => refuses(entry, claims, kid))
      .map(({ kind }) => REVOCATION_KINDS[kind].verdict),
  );
  if (verdicts.has('invalid_token')) return 'revoked';
  return verdicts.has('token_stale') ? 'claims_changed' : 'holds';
}

describe('the table of kinds', () => {
  it('gives each kind a code of its own, which is no other block’s', () => {
    const codes = REVOCATION_KIND_NAMES.map((kind) => REVOCATION_KINDS[kind].snapshot.code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.every((code) => code > 0 && code < 256)).toBe(true);
  });
});

describe.each(REVOCATION_KIND_NAMES)('a revocation of the kind %s', (kind) => {
  const { verdict, generation } = REVOCATION_KINDS[kind];

  it('is read by hand as by its schema', () => {
    const event = {
      ...somethingOf(kind, 3),
      version: 1,
      id: newId('evt'),
      reason: 'administrator',
      occurred_at: 1,
      actor: { kind: 'system', id: 'test' },
      request_id: 'req_test',
    };
    expect(readRevocationEvent(event)).toEqual(revocationEvent.parse(event));
  });

  it('refuses its token in the ledger as the table says, and spares what it does not name', () => {
    const entry = somethingOf(kind, 3);
    const ledger = new Ledger();
    const [claims, kid] = tokenWith(entry, 2);
    expect(ledger.judge(claims, kid)).toBe('holds');
    expect(ledger.apply(entry)).toBe(true);
    expect(ledger.judge(claims, kid)).toBe(
      verdict === 'token_stale' ? 'claims_changed' : 'revoked',
    );
    expect(judgedByTable([entry], claims, kid)).toBe(ledger.judge(claims, kid));
    if (generation !== null) expect(ledger.judge(...tokenWith(entry, 3))).toBe('holds');
    if (REVOCATION_KINDS[kind].carrier === null) return;
    expect(ledger.judge(...tokenWith(somethingOf(kind, 3), 2))).toBe('holds');
  });

  it('is held, listed, and let go of when the table says so', () => {
    const ledger = new Ledger();
    const entry = somethingOf(kind, 3);
    const { kept } = REVOCATION_KINDS[kind];
    expect(kept === 'for ever').toBe(entry.expires_at === null);
    ledger.apply(entry);
    expect(ledger.size).toBe(1);
    expect([...entriesOf(ledger)]).toEqual([entry]);
    for (let turn = 0; turn < 3; turn += 1) ledger.evict(Number.MAX_SAFE_INTEGER);
    expect(ledger.size).toBe(kept === 'for ever' ? 1 : 0);
  });

  it('survives a snapshot, there and back', () => {
    const entry = somethingOf(kind, 3);
    const [claims, kid] = tokenWith(entry, 2);
    for (const chunks of [
      encodeSnapshot(PLACE, [entry]),
      encodeSnapshot(PLACE, entriesOf(ledgerOf(entry))),
    ]) {
      const ledger = new Ledger();
      mergeSnapshot(ledger, Buffer.concat([...chunks]));
      expect([...entriesOf(ledger)]).toEqual([entry]);
      expect(ledger.judge(claims, kid)).toBe(judgedByTable([entry], claims, kid));
      expect(ledger.version).toBeGreaterThan(0);
    }
  });

  it('is not written to a snapshot without what its kind says', () => {
    const { generation: _without, ...rest } = { generation: 0, ...somethingOf(kind, 3) };
    const wrong = (generation === null ? { ...rest, generation: 1 } : rest) as RevocationEntry;
    expect(() => [...encodeSnapshot(PLACE, [wrong])]).toThrow(TypeError);
  });
});

function ledgerOf(entry: RevocationEntry): Ledger {
  const ledger = new Ledger();
  ledger.apply(entry);
  return ledger;
}

it('is judged by the ledger as by the table, whatever is revoked and presented', () => {
  const kinds = fc.constantFrom(...REVOCATION_KIND_NAMES);
  const entries = fc.array(fc.tuple(kinds, fc.nat(3), fc.nat(2)), { maxLength: 12 });
  fc.assert(
    fc.property(entries, fc.array(fc.tuple(kinds, fc.nat(3), fc.nat(2))), (made, shown) => {
      const revoked = made.map(([kind, generation, at]) => somethingOf(kind, generation, at));
      const ledger = new Ledger();
      for (const entry of revoked) ledger.apply(entry);
      for (const [kind, generation, at] of shown) {
        const [claims, kid] = tokenWith(somethingOf(kind, 0, at), generation, at);
        expect(ledger.judge(claims, kid)).toBe(judgedByTable(revoked, claims, kid));
        const machine = ofMachine(claims);
        expect(ledger.judge(machine, kid)).toBe(judgedByTable(revoked, machine, kid));
      }
    }),
    { numRuns: 500 },
  );
});

describe('of each kind, at a verifier,', () => {
  let issuer: TestIssuer;
  let verifiers: Verifier[];

  beforeEach(async () => {
    issuer = await createTestIssuer();
    verifiers = [];
  });
  afterEach(async () => {
    for (const verifier of verifiers) await verifier[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
  });

  async function start(feed: RevocationFeed = issuer.revocations.feed()): Promise<Verifier> {
    const { issuer: name, audience } = issuer;
    const verifier = await createVerifier({ issuer: name, audience, service: 'test', feed });
    verifiers.push(verifier);
    await verifier.ready();
    return verifier;
  }

  async function caseOf(kind: RevocationKind) {
    const keyToKill = issuer.kid;
    await issuer.rotate();
    const found = (await revocationsOf(issuer, keyToKill)).find((one) => one.kind === kind);
    if (found === undefined) throw new Error(`no token to revoke by ${kind}`);
    return found;
  }

  it.each(REVOCATION_KIND_NAMES)('%s refuses a token and closes what watches it', async (kind) => {
    const { token, revocation, code } = await caseOf(kind);
    const verifier = await start();
    using watched = await verifier.watch(token);
    expect(watched.signal.aborted).toBe(false);
    issuer.revocations.revoke(revocation);
    // In the same turn.
    expect(watched.signal.aborted).toBe(true);
    expect(watched.signal.reason).toBeInstanceOf(Refusal);
    expect(watched.signal.reason).toMatchObject({ code });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code });
    await expect(verifier.watch(token)).rejects.toMatchObject({ code });
  });

  it.each(REVOCATION_KIND_NAMES)('%s refuses a token after a cold start', async (kind) => {
    const { token, revocation, code } = await caseOf(kind);
    expect(REVOCATION_KINDS[kind].verdict).toBe(code);
    // More than a grant brings, so that a snapshot is taken; which alone has the revocation.
    for (let n = 0; n < 1_100; n += 1)
      issuer.revocations.revoke({ kind: 'session', key: newId('ses') });
    const { expires_at } = somethingOf(kind, 0);
    const missed = { ...revocation, expires_at: expires_at && Date.now() + 600_000 };
    const { revocations } = issuer;
    const place = { epoch: revocations.epoch, position: revocations.log.length };
    let snapshots = 0;
    let asked = 0;
    const feed = revocations.feed();
    const verifier = await start({
      ...feed,
      request: async (request, timeoutMs) => {
        asked += 1;
        if (request.position < place.position) await untilTaken;
        return await feed.request(request, timeoutMs);
      },
      snapshot: async () => {
        snapshots += 1;
        taken();
        return Buffer.concat([...encodeSnapshot(place, [...revocations.log, missed])]);
      },
    });
    expect([snapshots, asked > 0]).toEqual([1, true]);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code });
    await expect(verifier.verify(await issuer.mint({ igen: 9 }))).resolves.toBeDefined();
  });

  const STALE = { code: 'verifier_stale', status: 503 };

  /** The kind of events alone: what else an answer says of the log is as it was. */
  const ofKindToCome = (bytes: Uint8Array): Uint8Array =>
    Buffer.from(
      JSON.stringify(JSON.parse(Buffer.from(bytes).toString()), (name, value: unknown) => {
        if (name === 'from') return null;
        return name === 'kind' && value === 'session' ? 'device' : value;
      }),
    );

  it('a kind to come is never success: pushed and granted to one that is live', async () => {
    const S = 1_000;
    const token = await issuer.mint();
    const { revocations } = issuer;
    revocations.maxStalenessMs = S;
    let isAhead = false;
    const sent = (bytes: Uint8Array) => (isAhead ? ofKindToCome(bytes) : bytes);
    const feed = revocations.feed();
    const verifier = await start({
      ...feed,
      open: async (listener) =>
        await feed.open({
          numbered: (bytes) => listener.numbered(bytes),
          restored: () => listener.restored(),
          revocation: (bytes) => listener.revocation(sent(bytes)),
        }),
      request: async (...asked) => sent(await feed.request(...asked)),
    });
    await expect(verifier.verify(token)).resolves.toBeDefined();
    expect(verifier.stats().malformed).toBe(0);

    isAhead = true;
    const revokedAt = performance.now();
    revocations.revoke({ kind: 'session', key: newId('ses') });
    expect(verifier.stats().malformed).toBe(1);
    // What was granted before it holds until S has passed, and no longer.
    while (verifier.state === 'LIVE' && performance.now() - revokedAt < 3 * S) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(performance.now() - revokedAt).toBeLessThan(1.3 * S);
    for (let turn = 0; turn < 10; turn += 1) {
      await expect(verifier.verify(token)).rejects.toMatchObject(STALE);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(verifier.stats().malformed).toBeGreaterThan(1);

    // As once it is replaced.
    isAhead = false;
    await expect.poll(() => verifier.state).toBe('LIVE');
    await expect(verifier.verify(token)).resolves.toBeDefined();
  });

  it('a kind to come is never success: in the snapshot of a cold start', async () => {
    const token = await issuer.mint();
    const { revocations } = issuer;
    for (let n = 0; n < 1_100; n += 1) revocations.revoke({ kind: 'session', key: newId('ses') });
    const place = { epoch: revocations.epoch, position: revocations.log.length };
    const [head = Buffer.alloc(0), ...rest] = [...encodeSnapshot(place, revocations.log)];
    const block = Buffer.concat(rest);
    block.writeUInt8(99, 0);
    const length = block.readUInt32LE(8) + 12;
    block.writeUInt32LE(crc32(block.subarray(0, length)), length);
    const snapshot = Buffer.concat([head, block]);
    const ledger = new Ledger();
    expect(() => mergeSnapshot(ledger, snapshot)).toThrow(/unknown kind/);
    expect(ledger.size).toBe(0);

    let snapshots = 0;
    const feed = revocations.feed();
    const { issuer: name, audience } = issuer;
    const verifier = await createVerifier({
      issuer: name,
      audience,
      service: 'test',
      feed: {
        ...feed,
        // All that it could go on from is the snapshot: whole answers begin where that stands.
        request: async (request, timeoutMs) => {
          const bytes = await feed.request(request, timeoutMs);
          return request.position < place.position - 1_000 ? bytes : ofKindToCome(bytes);
        },
        snapshot: async () => {
          snapshots += 1;
          return snapshot;
        },
      },
    });
    verifiers.push(verifier);
    for (let turn = 0; turn < 20; turn += 1) {
      await expect(verifier.verify(token)).rejects.toMatchObject(STALE);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(snapshots).toBeGreaterThan(0);
    expect(verifier.stats().position).toBeLessThan(place.position);
  });

  let taken: () => void;
  let untilTaken: Promise<void>;
  beforeEach(() => {
    untilTaken = new Promise((resolve) => (taken = resolve));
  });
});

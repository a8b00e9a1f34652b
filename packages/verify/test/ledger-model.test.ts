/** The ledger against the plainest ledger that could be, over any events, evictions and merges. */
import { clientSubjectOf, newId, type AccessTokenClaims } from '@portcullis/contracts';
import { clientId } from '@portcullis/contracts/schemas';
import { encodeSnapshot, type RevocationEntry } from '@portcullis/snapshot';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf } from '../src/revocation/ledger-entries.ts';
import { Ledger, type Verdict } from '../src/revocation/ledger.ts';
import { mergeSnapshot } from '../src/revocation/merge-snapshot.ts';

const five = <T>(make: () => T) => Array.from({ length: 5 }, make);
const SESSIONS = five(() => newId('ses'));
const TOKENS = five(() => newId('tok'));
const USERS = five(() => newId('usr'));
const KEYS = five(() => newId('key'));
const CLIENTS = ['cli_a', 'cli_b', 'cli_c'].map((id) => clientId.parse(id));

const EPOCH = newId('epo');
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

/** Lists of all that was said, and none of the ledger's ways. */
class PlainLedger {
  entries: RevocationEntry[] = [];

  apply(entry: RevocationEntry): void {
    this.entries.push(entry);
  }

  /** What must still be there: expiries are rounded up to seconds, and keys never expire. */
  evict(now: number): void {
    // Greatest expiry of each key, since an entry and its generation live as long as that.
    const until = new Map<string, number>();
    const name = ({ kind, key }: RevocationEntry) => `${kind} ${key}`;
    for (const entry of this.entries) {
      const { kind, expires_at: at } = entry;
      const ever = at === null || kind === 'key' || kind === 'issuer';
      const moment = ever ? Infinity : Math.max(1, Math.ceil(at / 1_000));
      until.set(name(entry), Math.max(until.get(name(entry)) ?? 0, moment));
    }
    this.entries = this.entries.filter(
      (entry) => (until.get(name(entry)) ?? 0) > Math.floor(now / 1_000),
    );
  }

  judge(claims: AccessTokenClaims, kid: string): Verdict {
    const dead = (entry: RevocationEntry): boolean => {
      switch (entry.kind) {
        case 'session':
          return entry.key === claims.sid;
        case 'token':
          return entry.key === claims.jti;
        case 'key':
          return entry.key === kid;
        case 'subject':
        case 'claims_changed':
          return entry.key === claims.sub && claims.gen < entry.generation;
        case 'client':
          return entry.key === claims.client_id && claims.cgen < entry.generation;
        case 'client_subject':
          return (
            entry.key === `${claims.client_id}/${claims.sub}` &&
            (claims.csgen ?? 0) < entry.generation
          );
        case 'issuer':
          return claims.igen < entry.generation;
      }
    };
    const reasons = new Set(this.entries.filter(dead).map(({ kind }) => kind));
    if (reasons.delete('claims_changed')) return reasons.size > 0 ? 'revoked' : 'claims_changed';
    return reasons.size > 0 ? 'revoked' : 'holds';
  }
}

const generation = fc.integer({ min: 0, max: 3 });
const expires = fc.option(fc.integer({ min: 0, max: 9_000 }), { nil: null, freq: 8 });
const anyEntry: fc.Arbitrary<RevocationEntry> = fc.oneof(
  fc.record({
    kind: fc.constant('session' as const),
    key: fc.constantFrom(...SESSIONS),
    expires_at: expires,
  }),
  fc.record({
    kind: fc.constant('token' as const),
    key: fc.constantFrom(...TOKENS),
    expires_at: expires,
  }),
  fc.record({
    kind: fc.constantFrom('subject' as const, 'claims_changed' as const),
    key: fc.constantFrom(...USERS),
    generation,
    expires_at: expires,
  }),
  fc.record({
    kind: fc.constant('client' as const),
    key: fc.constantFrom(...CLIENTS),
    generation,
    expires_at: expires,
  }),
  fc.record({
    kind: fc.constant('client_subject' as const),
    key: fc
      .tuple(fc.constantFrom(...CLIENTS), fc.constantFrom(...USERS))
      .map(([client, user]) => clientSubjectOf(client, user)),
    generation,
    expires_at: expires,
  }),
  fc.record({
    kind: fc.constant('key' as const),
    key: fc.constantFrom(...KEYS),
    expires_at: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('issuer' as const),
    key: fc.constant('issuer' as const),
    generation,
    expires_at: fc.constant(null),
  }),
);

const tokens: [AccessTokenClaims, string][] = SESSIONS.flatMap((sid, i) =>
  [0, 1, 2, 3].map((gen): [AccessTokenClaims, string] => [
    {
      iss: 'https://issuer.example',
      aud: 'urn:test',
      sub: USERS[i]!,
      sid,
      jti: TOKENS[i]!,
      client_id: CLIENTS[i % 3]!,
      iat: 1,
      exp: 2,
      auth_time: 1,
      gen,
      cgen: (gen + i) % 4,
      ...(gen === 0 ? {} : { csgen: (gen + i) % 3 }),
      igen: Math.min(3, gen + (i % 3)),
      roles: [],
      amr: ['pwd'],
    },
    KEYS[i]!,
  ]),
);

type Step = { entry: RevocationEntry } | { evictAt: number } | { merge: RevocationEntry[] };
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: anyEntry.map((entry) => ({ entry })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 9_999 }).map((evictAt) => ({ evictAt })) },
  { weight: 1, arbitrary: fc.array(anyEntry, { maxLength: 9 }).map((merge) => ({ merge })) },
);

function snapshotOf(entries: readonly RevocationEntry[]): Uint8Array {
  const ledger = new Ledger(4);
  for (const entry of entries) ledger.apply(entry);
  return Buffer.concat([...encodeSnapshot({ epoch: EPOCH, position: 0 }, entriesOf(ledger))]);
}

describe('the ledger, beside a plain one', () => {
  it('judges the same after any events, evictions and merges, with any seed', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), fc.integer(), (steps, seed) => {
        const ledger = new Ledger(seed);
        const plain = new PlainLedger();
        for (const step of steps) {
          if ('entry' in step) {
            ledger.apply(step.entry);
            plain.apply(step.entry);
          } else if ('evictAt' in step) {
            ledger.evict(step.evictAt);
            plain.evict(step.evictAt);
          } else {
            mergeSnapshot(ledger, snapshotOf(step.merge));
            for (const entry of step.merge) plain.apply(entry);
          }
        }
        for (const [claims, kid] of tokens) {
          expect(ledger.judge(claims, kid)).toBe(plain.judge(claims, kid));
        }
        expect(ledger.size).toBe([...entriesOf(ledger)].length);
      }),
      { numRuns: 500 },
    );
  });

  it('says of what it lists that it is held, and lists nothing else', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 30 }), (entries) => {
        const ledger = new Ledger();
        for (const entry of entries) ledger.apply(entry);
        const copy = new Ledger();
        for (const entry of entriesOf(ledger)) expect(copy.apply(entry)).toBe(true);
        expect(copy.size).toBe(ledger.size);
        for (const entry of entries) expect(copy.apply(entry)).toBe(false);
        for (const entry of entriesOf(copy)) expect(ledger.apply(entry)).toBe(false);
      }),
    );
  });

  it('has a new version exactly when it has something new', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 30 }), (entries) => {
        const ledger = new Ledger();
        for (const entry of entries) {
          const { version } = ledger;
          expect(ledger.apply(entry)).toBe(ledger.version > version);
        }
        const { version } = ledger;
        mergeSnapshot(ledger, snapshotOf(entries));
        expect(ledger.version).toBe(version);
        const other = newId('ses');
        mergeSnapshot(ledger, snapshotOf([{ kind: 'session', key: other, expires_at: null }]));
        expect(ledger.version).toBeGreaterThan(version);
      }),
    );
  });

  it('keeps an entry until the end of the second in which it expires, never shorter', () => {
    const [claims, kid] = tokens[0]!;
    const ledger = new Ledger();
    ledger.apply({ kind: 'session', key: SESSIONS[0]!, expires_at: 1_700_000_000_001 });
    ledger.evict(1_700_000_000_999);
    expect(ledger.judge(claims, kid)).toBe('revoked');
    ledger.evict(1_700_000_001_000);
    expect(ledger.judge(claims, kid)).toBe('holds');
  });

  it('never lets go of what has no expiry, whatever the issuer says the time is', () => {
    const ledger = new Ledger();
    ledger.apply({ kind: 'session', key: SESSIONS[0]!, expires_at: null });
    ledger.apply({ kind: 'subject', key: USERS[0]!, generation: 2, expires_at: END_OF_TIME });
    ledger.apply({ kind: 'client', key: CLIENTS[0]!, generation: 2, expires_at: null });
    for (const now of [END_OF_TIME, -1, 0.5]) ledger.evict(now);
    expect(ledger.size).toBe(3);
  });

  it('refuses to pass over a key that it cannot hold', () => {
    const ledger = new Ledger();
    for (const key of ['', 'ses_', newId('usr'), `${SESSIONS[0]!}0`, SESSIONS[0]!.toUpperCase()]) {
      const entry = { kind: 'session', key, expires_at: null } as RevocationEntry;
      expect(() => ledger.apply(entry)).toThrow(TypeError);
    }
    expect(ledger.size).toBe(0);
    expect(ledger.version).toBe(0);
  });

  it('holds by its whole name what looks like it in part', () => {
    const ledger = new Ledger();
    const [claims, kid] = tokens[0]!;
    const sid = SESSIONS[0]!;
    ledger.apply({ kind: 'session', key: sid, expires_at: null });
    expect(ledger.judge(claims, kid)).toBe('revoked');
    const lookalikes = [
      sid.replace('ses_', 'usr_'),
      sid.replace('ses_', 'ses-'),
      sid.replace('ses_', 'SES_'),
      sid.slice(4),
      sid.slice(0, -1),
      `${sid} `,
      ` ${sid}`,
      sid.toUpperCase(),
      sid.replace('_0', '_8'),
      sid.replace('_0', '_\u0130'),
      sid.slice(0, -7),
      '',
      ...Array.from({ length: 26 }, (_, i) => {
        const at = i + 4;
        return `${sid.slice(0, at)}${sid[at] === 'a' ? 'b' : 'a'}${sid.slice(at + 1)}`;
      }),
    ];
    for (const text of lookalikes) {
      const forged = { ...claims, sid: text } as AccessTokenClaims;
      expect(ledger.judge(forged, kid), text).toBe('holds');
    }
  });

  it('keeps keys and clients of any name apart from what objects inherit', () => {
    const ledger = new Ledger();
    const [claims] = tokens[0]!;
    for (const kid of ['', '__proto__', 'constructor', 'a b\u0000c', 'x'.repeat(100_000)]) {
      expect(ledger.judge(claims, kid)).toBe('holds');
    }
  });
});

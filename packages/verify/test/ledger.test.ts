import { newId, type RevocationEvent, type UserClaims } from '@portcullis/contracts';
import { userClaims } from '@portcullis/contracts/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../src/revocation/ledger.ts';

const ids = { sessions: fill('ses'), users: fill('usr'), tokens: fill('tok'), keys: fill('key') };
const CLIENTS = ['cli_a', 'cli_b'] as const;

function fill<P extends string>(prefix: P) {
  return [newId(prefix), newId(prefix), newId(prefix)] as const;
}

function claims(overrides: Partial<Record<keyof UserClaims, unknown>> = {}): UserClaims {
  return userClaims.parse({
    iss: 'https://issuer.example',
    aud: 'urn:test',
    sub: ids.users[0],
    sid: ids.sessions[0],
    jti: ids.tokens[0],
    client_id: CLIENTS[0],
    iat: 1_000,
    exp: 1_600,
    auth_time: 1_000,
    gen: 1,
    cgen: 1,
    igen: 1,
    roles: [],
    amr: ['pwd'],
    ...overrides,
  });
}

const envelope = {
  version: 1,
  reason: 'logout',
  occurred_at: 0,
  actor: { kind: 'system', id: 'test' },
  request_id: 'req_test',
} as const;

const generation = fc.integer({ min: 0, max: 3 });
const expires = fc.constantFrom(1_000, 2_000, 3_000);
const anyEvent: fc.Arbitrary<RevocationEvent> = fc
  .oneof(
    fc.record({ kind: fc.constant('session'), key: fc.constantFrom(...ids.sessions) }),
    fc.record({ kind: fc.constant('token'), key: fc.constantFrom(...ids.tokens) }),
    fc.record({ kind: fc.constant('subject'), key: fc.constantFrom(...ids.users), generation }),
    fc.record({
      kind: fc.constant('claims_changed'),
      key: fc.constantFrom(...ids.users),
      generation,
    }),
    fc.record({ kind: fc.constant('client'), key: fc.constantFrom(...CLIENTS), generation }),
    fc.record({ kind: fc.constant('key'), key: fc.constantFrom(...ids.keys) }),
    fc.record({ kind: fc.constant('issuer'), key: fc.constant('issuer'), generation }),
  )
  .chain((event) =>
    expires.map(
      (expiresAt) =>
        ({
          ...envelope,
          ...event,
          id: newId('evt'),
          expires_at: event.kind === 'key' || event.kind === 'issuer' ? null : expiresAt,
        }) as RevocationEvent,
    ),
  );

/** Every token that differs in what the ledger looks at. */
const probes = ids.sessions.flatMap((sid, i) =>
  [0, 1, 2, 3].flatMap((gen) =>
    CLIENTS.flatMap((client_id) =>
      [0, 2].map((igen) => ({
        token: claims({
          sid,
          sub: ids.users[i],
          jti: ids.tokens[i],
          gen,
          cgen: gen,
          igen,
          client_id,
        }),
        kid: ids.keys[i] ?? '',
      })),
    ),
  ),
);

function eventWith(rest: Partial<RevocationEvent>): RevocationEvent {
  return { ...envelope, id: newId('evt'), ...rest } as RevocationEvent;
}

function verdicts(ledger: Ledger): string {
  return probes.map(({ token, kid }) => ledger.judge(token, kid)).join();
}

function ledgerOf(events: readonly RevocationEvent[]): Ledger {
  const ledger = new Ledger();
  for (const event of events) ledger.apply(event);
  return ledger;
}

describe('the ledger', () => {
  it('comes to the same state in any order and with any repetition (G6)', () => {
    const shuffled = fc.array(anyEvent, { maxLength: 12 }).chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray([...events, ...events], {
          minLength: events.length * 2,
          maxLength: events.length * 2,
        }),
      ),
    );
    fc.assert(
      fc.property(shuffled, fc.constantFrom(0, 1_500, 2_500), (lists, evictAt) => {
        const [one, other] = lists.map(ledgerOf);
        expect(verdicts(one ?? new Ledger())).toBe(verdicts(other ?? new Ledger()));
        expect(one?.size).toBe(other?.size);
        one?.evict(evictAt);
        // Evicting never adds a refusal, and applying everything again restores them all.
        for (const event of lists[1]) one?.apply(event);
        expect(verdicts(one ?? new Ledger())).toBe(verdicts(other ?? new Ledger()));
      }),
      { numRuns: 300 },
    );
  });

  it('only ever refuses more, and says whether an event added something', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 10 }), anyEvent, (events, last) => {
        const ledger = ledgerOf(events);
        const before = probes.map(({ token, kid }) => ledger.judge(token, kid));
        ledger.apply(last);
        for (const [index, { token, kid }] of probes.entries()) {
          if (before[index] === 'revoked') expect(ledger.judge(token, kid)).toBe('revoked');
        }
        expect(ledger.apply(last)).toBe(false);
      }),
    );
  });

  it('refuses by each kind alone', () => {
    const key = ids.keys[0];
    const cases: [Partial<RevocationEvent>, 'revoked' | 'claims_changed'][] = [
      [{ kind: 'session', key: ids.sessions[0] }, 'revoked'],
      [{ kind: 'token', key: ids.tokens[0] }, 'revoked'],
      [{ kind: 'subject', key: ids.users[0], generation: 2 }, 'revoked'],
      [{ kind: 'claims_changed', key: ids.users[0], generation: 2 }, 'claims_changed'],
      [{ kind: 'client', key: claims().client_id, generation: 2 }, 'revoked'],
      [{ kind: 'key', key }, 'revoked'],
      [{ kind: 'issuer', key: 'issuer', generation: 2 }, 'revoked'],
    ];
    for (const [event, verdict] of cases) {
      const ledger = new Ledger();
      expect(ledger.judge(claims(), key)).toBe('holds');
      ledger.apply({
        ...envelope,
        id: newId('evt'),
        expires_at: 9_000,
        ...event,
      } as RevocationEvent);
      expect(ledger.judge(claims(), key), event.kind).toBe(verdict);
    }
  });

  it('spares what was minted after the cut, in the same second too (G4)', () => {
    const ledger = new Ledger();
    ledger.apply(
      eventWith({ kind: 'subject', key: ids.users[0], generation: 2, expires_at: 9_000 }),
    );
    expect(ledger.judge(claims({ gen: 1 }), ids.keys[0])).toBe('revoked');
    expect(ledger.judge(claims({ gen: 2 }), ids.keys[0])).toBe('holds');
  });

  it('forgets what has expired, and never a killed key', () => {
    const ledger = new Ledger();
    for (const [index, key] of ids.sessions.entries()) {
      ledger.apply(eventWith({ kind: 'session', key, expires_at: (index + 1) * 1_000 }));
    }
    ledger.apply(eventWith({ kind: 'key', key: ids.keys[0], expires_at: null }));
    ledger.evict(2_000);
    expect(ledger.size).toBe(2);
    ledger.evict(Number.MAX_SAFE_INTEGER);
    expect(ledger.size).toBe(1);
    expect(ledger.judge(claims(), ids.keys[0])).toBe('revoked');
  });
});

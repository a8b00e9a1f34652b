/** Messages are read by hand as the schemas read them, whatever arrives. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { newId, readGrantReply, readNumbered, readRevocationEvent } from '../src/index.ts';
import { grantReply, numbered, revocationEvent } from '../src/schemas/index.ts';

const SEED = 20_261_129;

type Members = Readonly<Record<string, unknown>>;

/** @returns whether both accept it; as JSON, since nothing else arrives */
function judgedAlike(
  read: (value: unknown) => unknown,
  schema: z.ZodType,
  members: unknown,
): boolean {
  const text = JSON.stringify(members);
  const expected = schema.safeParse(JSON.parse(text));
  expect(read(JSON.parse(text)), text).toEqual(expected.data);
  return expected.success;
}

const event = {
  version: 1,
  id: newId('evt'),
  position: 7,
  reason: 'logout',
  occurred_at: 1_700_000_000_000,
  expires_at: 1_700_000_600_000,
  actor: { kind: 'user', id: newId('usr') },
  request_id: 'req_1',
};
const EVENTS: Members[] = [
  { ...event, kind: 'session', key: newId('ses') },
  { ...event, kind: 'token', key: newId('tok') },
  { ...event, kind: 'subject', key: newId('usr'), generation: 1 },
  { ...event, kind: 'claims_changed', key: newId('usr'), generation: 2_147_483_647 },
  { ...event, kind: 'client', key: 'cli_orders', generation: 0 },
  { ...event, kind: 'client_subject', key: `cli_orders/${newId('usr')}`, generation: 2 },
  { ...event, kind: 'key', key: newId('key'), expires_at: null },
  { ...event, kind: 'issuer', key: 'issuer', generation: 3 },
];
const answer = { version: 1, nonce: 'n'.repeat(22), incarnation: newId('inc') };
const granted = {
  ...answer,
  outcome: 'granted',
  epoch: newId('epo'),
  position: 9,
  events: EVENTS,
  complete: true,
  max_staleness_ms: 5_000,
  issuer_time: 1_700_000_000_000,
};
const REPLIES: Members[] = [
  granted,
  { ...granted, from: EVENTS[0], resume: newId('evt'), keys: ['a.b.c'] },
  { ...granted, from: null, events: [], complete: false, keys: [], kinds_unknown: true },
  { ...granted, access: { number: 0 } },
  { ...granted, access: { number: 4, document: 'a.b.c' } },
  { ...answer, outcome: 'resynchronise', epoch: newId('epo') },
  { ...answer, outcome: 'unavailable' },
];
const NUMBERED: Members[] = [
  { version: 1, epoch: newId('epo'), first: 3, ids: [newId('evt'), newId('evt')] },
];

const MESSAGES = [
  { name: 'a revocation', read: readRevocationEvent, schema: revocationEvent, good: EVENTS },
  { name: 'an answer', read: readGrantReply, schema: grantReply, good: REPLIES },
  { name: 'a notice of numbers', read: readNumbered, schema: numbered, good: NUMBERED },
];

const ids = (length: number): string[] => Array.from({ length }, () => newId('evt'));

/** Both sides of every bound that there is, for whichever member. */
const EDGE_GROUPS: readonly (readonly unknown[])[] = [
  [null, true, false, {}, [], [[]], [null], [1], [''], ''],
  [-1, -0, 0, 0.5, 1, 2, 99, 100, 101, 299_999, 300_000, 300_001],
  [2_147_483_647, 2_147_483_648, 2 ** 53 - 1, 2 ** 53, 1e300, '1'],
  [1, 63, 64, 65].map((length) => 'x'.repeat(length)),
  [
    'session',
    'token',
    'subject',
    'claims_changed',
    'client',
    'client_subject',
    'key',
    'issuer',
    'sessions',
    'toString',
  ],
  ['granted', 'resynchronise', 'unavailable', 'logout', 'administrator', 'Logout', 'constructor'],
  (['usr', 'ses', 'tok', 'key', 'cli', 'evt', 'epo', 'inc'] as const).flatMap((prefix) => {
    const id = newId(prefix);
    return [id, `${id}\n`, ` ${id}`, id.slice(0, -1), id.toUpperCase(), [id]];
  }),
  ['cli_a/', `cli_/${newId('usr')}`, `cli_a/${newId('usr')}`, `cli_a/${newId('usr')}\n`],
  [`cli_a/${newId('ses')}`, `cli_a//${newId('usr')}`, `cli_A/${newId('usr')}`, 'cli_a/usr_x'],
  ['cli_', 'cli_a', 'cli_A', `cli_${'a'.repeat(48)}`, `cli_${'a'.repeat(49)}`],
  [
    { kind: 'system', id: '' },
    { kind: 'client', id: 'x'.repeat(64), more: 1 },
  ],
  [{ kind: 'user', id: 'x'.repeat(65) }, { kind: 'user', id: 'x' }, { kind: 'user' }, ['user']],
  [0, 1, 999, 1_000, 1_001].map((length) => ids(length)),
  [1_000, 1_001].map((length) => Array.from({ length }, () => EVENTS[0])),
  [{ number: -1 }, { number: 0.5 }, { number: 7, document: 1 }, { number: 7, more: 1 }],
  [65_536, 65_537].map((length) => ({ number: 1, document: 'x'.repeat(length) })),
  [EVENTS[1], [EVENTS[1]], [EVENTS[1], { ...EVENTS[1], version: 2 }], ['a.b.c', 1]],
];
const EDGES = EDGE_GROUPS.flat();

describe.each(MESSAGES)('$name read by hand is that of the schema', ({ read, schema, good }) => {
  const names = [...new Set(good.flatMap((members) => Object.keys(members))), 'more', '__proto__'];

  it('with any one member left out, or at the edge of what it may be', () => {
    let accepted = 0;
    let refused = 0;
    for (const members of good) {
      expect(judgedAlike(read, schema, members)).toBe(true);
      for (const name of names) {
        const { [name]: _without, ...rest } = members;
        judgedAlike(read, schema, rest);
        for (const edge of EDGES) {
          if (judgedAlike(read, schema, withMember(members, name, edge))) accepted += 1;
          else refused += 1;
        }
      }
    }
    expect(accepted).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(accepted / 4);
  });

  it('with several of them anything', () => {
    const odd = fc.oneof(fc.constantFrom(...EDGES), fc.jsonValue());
    const changes = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), odd), {
      maxLength: 4,
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(fc.constantFrom(...good), changes, (members, changed) => {
        judgedAlike(
          read,
          schema,
          changed.reduce((all, [name, value]) => withMember(all, name, value), members),
        );
      }),
      { seed: SEED, numRuns: 1_500 },
    );
  });

  it('when it is no object', () => {
    for (const edge of EDGES) judgedAlike(read, schema, edge);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void judgedAlike(read, schema, value)),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});

/** Also under names that an assignment would take for something else. */
function withMember(members: Members, name: string, value: unknown): Members {
  const copy = { ...members };
  Object.defineProperty(copy, name, { value, enumerable: true, configurable: true });
  return copy;
}

/** Values for a schema: mostly what it asks for, and otherwise what it does not expect. */

export type Random = () => number;
export type Schema = Readonly<Record<string, unknown>>;

const ODD: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  0,
  -1,
  1e308,
  -1e-320,
  2 ** 60,
  0.1,
  [],
  {},
  [[[[]]]],
  { toString: null, valueOf: 1 },
  '__proto__',
  '\u0000',
  '\uD800',
  'a\r\nset-cookie: a=b',
  '\u202Emoc.elpmaxe',
  '💩'.repeat(200),
  'x'.repeat(5_000),
  "' or 1=1; --",
  '${7*7}{{7*7}}',
  '../../../../etc/passwd',
  '%00%2e%2e%2f',
  '2026-13-45T99:99:99Z',
  'usr_01jd0000000000000000000000',
  'ses_7zzzzzzzzzzzzzzzzzzzzzzzzz',
  'NaN',
];

const HEX = '0123456789abcdef'.split('');

export function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

export function valueFor(random: Random, schema: Schema, depth = 0): unknown {
  if (random() < 0.2 || depth > 6) return pick(random, ODD.slice(0, -1)) ?? null;
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (isList(choices)) return valueFor(random, pick(random, choices), depth + 1);
  if ('const' in schema) return schema['const'];
  const { enum: listed, type } = schema;
  if (Array.isArray(listed)) return pick<unknown>(random, listed);
  switch (type) {
    case 'object':
      return objectFor(random, schema, depth);
    case 'array':
      return Array.from({ length: Math.floor(random() * 4) }, () =>
        valueFor(random, recordOf(schema['items']), depth + 1),
      );
    case 'integer':
      return Math.floor(random() * 300) - 5;
    case 'number':
      return random() * 1_000;
    case 'boolean':
      return random() < 0.5;
    default:
      return textFor(random, schema);
  }
}

function objectFor(random: Random, schema: Schema, depth: number): Record<string, unknown> {
  // Without a prototype, so that `__proto__` can be a member like others.
  const made: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(recordOf(schema['properties']))) {
    if (random() < 0.9) made[name] = valueFor(random, recordOf(member), depth + 1);
  }
  if (random() < 0.15) {
    const name = pick(random, ['__proto__', 'constructor', 'prototype', 'more', '', 'a\r\nb']);
    made[name] = pick(random, ODD) ?? null;
  }
  return made;
}

/** Ids of the right form, and text of the formats that the schemas name. */
function textFor(random: Random, { pattern, format }: Schema): string {
  const prefix = typeof pattern === 'string' ? /^\^([a-z]+)_/.exec(pattern)?.[1] : undefined;
  if (prefix !== undefined) {
    const letters = Array.from({ length: 26 }, () => pick(random, HEX));
    return `${prefix}_${['0', ...letters.slice(1)].join('')}`;
  }
  if (format === 'email') return `fuzz${Math.floor(random() * 1e6)}@example.test`;
  if (format === 'date-time') return '2026-11-22T10:00:00.000Z';
  return pick(random, ['ada', 'a lantern above the western gate', 'cookie', 'ada@example.test']);
}

export function recordOf(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function isList(value: unknown): value is Schema[] {
  return Array.isArray(value) && value.length > 0;
}

/** Tokens that look odd and are in order: refusing them would be a fault of its own. */
import type { Forge, Part } from './forge.ts';
import type { NamedToken } from './case.ts';

const json = (value: unknown): string => JSON.stringify(value);

const HEADERS: readonly (readonly [string, (f: Forge) => Part])[] = [
  ['the usual header', (f) => f.header],
  ['typ at+JWT, as RFC 9068 writes it in its example', (f) => ({ ...f.header, typ: 'at+JWT' })],
  ['typ in capitals', (f) => ({ ...f.header, typ: 'AT+JWT' })],
  ['typ with its prefix', (f) => ({ ...f.header, typ: 'application/at+jwt' })],
  ['typ with its prefix, in capitals', (f) => ({ ...f.header, typ: 'Application/AT+JWT' })],
  ['a parameter that is not registered', (f) => ({ ...f.header, foo: 1 })],
  ['a parameter with depth', (f) => ({ ...f.header, foo: [{ bar: [{}] }] })],
  ['a parameter that sounds like one', (f) => ({ ...f.header, Crit: ['x'], JWK: {} })],
  [
    'another order of the header',
    ({ header }) => Object.fromEntries(Object.entries(header).toReversed()),
  ],
  ['white space in the header', (f) => JSON.stringify(f.header, null, 2)],
  ['an escaped name in the header', (f) => json(f.header).replace('"alg"', '"\\u0061lg"')],
  [
    'an escaped value in the header',
    (f) => json(f.header).replace('"ES256"', '"ES\\u0032\\u0035\\u0036"'),
  ],
];

const CLAIMS: readonly (readonly [string, (f: Forge) => object])[] = [
  ['an audience that is text', (f) => ({ aud: f.audience })],
  ['a list of one audience', (f) => ({ aud: [f.audience] })],
  ['the audience first of several', (f) => ({ aud: [f.audience, 'urn:other'] })],
  ['the audience last of several', (f) => ({ aud: ['urn:other', f.audience] })],
  [
    '16 audiences',
    (f) => ({ aud: [...Array.from({ length: 15 }, (_, i) => `urn:${i}`), f.audience] }),
  ],
  ['the audience twice', (f) => ({ aud: [f.audience, f.audience] })],
  ['issued a moment ahead, by clocks that differ', ({ now }) => ({ iat: now + 3, exp: now + 300 })],
  ['issued a while ago', ({ now }) => ({ iat: now - 500, exp: now + 300 })],
  ['the longest life', ({ now }) => ({ iat: now - 5, exp: now + 3_595 })],
  ['a short life', ({ now }) => ({ iat: now, exp: now + 90 })],
  ['nbf as iat', ({ now }) => ({ iat: now, nbf: now })],
  ['nbf in the past', ({ now }) => ({ nbf: now - 60 })],
  ['nbf a moment ahead', ({ now }) => ({ nbf: now + 3 })],
  ['no roles', () => ({ roles: [] })],
  ['one role', () => ({ roles: ['support'] })],
  ['two roles', () => ({ roles: ['support', 'admin'] })],
  ['a role twice', () => ({ roles: ['admin', 'admin'] })],
  ['a role that is unknown', () => ({ roles: ['root', 'Admin', 'admin ', 'x'.repeat(64)] })],
  ['16 roles', () => ({ roles: Array.from({ length: 16 }, (_, n) => `r${n}`) })],
  ['a scope that narrows', () => ({ scope: 'users:read orders:read' })],
  ['a scope that leaves nothing', () => ({ scope: '' })],
  ['several ways of authentication', () => ({ amr: ['pwd', 'otp', 'hwk'] })],
  ['a class of the login', () => ({ acr: 'mfa' })],
  ['authenticated long ago', ({ now }) => ({ auth_time: now - 30 * 86_400 })],
  ['high generations', () => ({ gen: 2_147_483_647, cgen: 2_147_483_647, igen: 2_147_483_647 })],
  ['another client', () => ({ client_id: 'cli_some-app_2' })],
  ['a generation of what its client holds', () => ({ csgen: 7 })],
  ['the highest one of it', () => ({ csgen: 2_147_483_647 })],
  ['a claim that is unknown', () => ({ tenant: 'x' })],
  ['claims with depth', () => ({ nested: { a: [{ b: [{ c: {} }] }] } })],
  ['text of the world', () => ({ name: 'Grüße, 世界 🌍 \u202Eabc' })],
  ['text with every escape', () => ({ x: '\b\f\n\r\t"\\/\u0000\u001F\u007F' })],
  ['text that looks like JSON', () => ({ x: '{"sub":1,"sub":2}', y: '"}],[{"' })],
  [
    'names that objects have',
    () => ({ constructor: 1, toString: 2, prototype: 3, hasOwnProperty: 4 }),
  ],
  ['names that are numbers', () => ({ 1: 'a', 0: 'b' })],
  ['an empty name', () => ({ '': 1 })],
  ['numbers of every kind', () => ({ x: [0, -0.5, 1e21, 1e-7, 123_456_789_012_345] })],
  ['the same value in many places', () => ({ x: [1, 1, 1], y: { a: 1 }, z: { a: 1 } })],
  ['almost 8 kB', () => ({ filler: 'x'.repeat(5_300) })],
];

const PAYLOADS: readonly (readonly [string, (f: Forge) => string])[] = [
  ['white space in the payload', (f) => JSON.stringify(f.claims, null, '\t')],
  ['white space around the payload', (f) => `\r\n ${json(f.claims)}\n`],
  [
    'another order of the payload',
    ({ claims }) => json(Object.fromEntries(Object.entries(claims).toReversed())),
  ],
  ['an escaped name', (f) => json(f.claims).replace('"sub"', '"\\u0073ub"')],
  ['an escaped value', (f) => json(f.claims).replace('"usr_', '"\\u0075sr_')],
  ['a pair of surrogates, escaped', (f) => json(f.claims).replace('{', '{"x":"\\ud83c\\udf0d",')],
  ['whole times with a point', (f) => json(f.claims).replace(/"exp":(\d+)/, '"exp":$1.0')],
  ['a generation with an exponent', (f) => json(f.claims).replace(/"gen":0/, '"gen":0e0')],
  ['8 levels', (f) => json(f.claims).replace('{', `{"x":${'['.repeat(7)}${']'.repeat(7)},`)],
];

const MACHINES: readonly (readonly [string, (f: Forge) => object])[] = [
  ['a scope', () => ({ scope: 'users:read' })],
  ['several scopes', () => ({ scope: 'users:read sessions:revoke' })],
  ['no scope', () => ({ scope: '' })],
  ['a scope that is unknown', () => ({ scope: 'https://example.com/read' })],
  ['nbf', ({ now }) => ({ nbf: now - 1 })],
];

/** In the shape of the hostile ones. */
export const LEGITIMATE: readonly NamedToken[] = [
  ...HEADERS.map(([name, header]): NamedToken => [name, (f) => f.sign(header(f), f.claims)]),
  ...CLAIMS.map(([name, changes]): NamedToken => [
    name,
    (f) => f.sign(f.header, { ...f.claims, ...changes(f) }),
  ]),
  ...PAYLOADS.map(([name, payload]): NamedToken => [name, (f) => f.sign(f.header, payload(f))]),
  ...MACHINES.map(([name, changes]): NamedToken => [
    `a machine with ${name}`,
    (f) => f.sign(f.header, { ...f.machine, ...changes(f) }),
  ]),
  [
    'signed by an older key that is still published',
    (f) => f.sign({ ...f.header, kid: f.otherKid }, f.claims, f.otherKid),
  ],
];

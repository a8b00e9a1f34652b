/** Claims that are absent, of another type, out of bounds, or foreign. Signed by the issuer. */
import { encoded, segmentsOf, type Forge } from './forge.ts';
import type { NamedToken } from './case.ts';

type Value = (f: Forge) => unknown;
type Named = readonly [name: string, value: Value];

const NO_VALUE: readonly Named[] = [
  ['absent', () => undefined],
  ['null', () => null],
  ['true', () => true],
  ['an object', () => ({})],
];
const NO_TEXT: readonly Named[] = [...NO_VALUE, ['a number', () => 1], ['empty', () => '']];
const NO_NUMBER: readonly Named[] = [
  ...NO_VALUE,
  ['a string', (f) => String(f.now + 60)],
  ['an empty string', () => ''],
  ['a list', (f) => [f.now + 60]],
  ['negative', () => -1],
  ['beyond doubles', () => 1e300],
  ['beyond exact integers', () => 2 ** 53],
];

const times = (name: string): Record<string, readonly Named[]> => ({
  [name]: [...NO_NUMBER, ['zero', () => 0], ['fractional', (f) => f.now + 0.5]],
});
const generations = (name: string): Record<string, readonly Named[]> => ({
  [name]: [
    ...NO_NUMBER.filter(([what]) => what !== 'a string'),
    ['text', () => '0'],
    ['half', () => 0.5],
  ],
});
const identifiers = (name: string, like: (good: string) => readonly string[]) => ({
  [name]: [
    ...NO_TEXT,
    ['a list', (f: Forge) => [f.claims[name]]],
    ['in capitals', (f: Forge) => String(f.claims[name]).toUpperCase()],
    ['with a space', (f: Forge) => `${String(f.claims[name])} `],
    ['with a newline', (f: Forge) => `${String(f.claims[name])}\n`],
    ['with NUL', (f: Forge) => `${String(f.claims[name])}\0`],
    ['with another prefix', (f: Forge) => String(f.claims[name]).replace(/^[a-z]+_/, 'x_')],
    ['SQL', () => "' or 1=1 --"],
    ['very long', () => 'x'.repeat(3_000)],
    ['__proto__', () => '__proto__'],
    ...['cut short', 'too long'].map((what, at): Named => [
      what,
      (f) => like(String(f.claims[name]))[at],
    ]),
  ] satisfies Named[],
});
const shorterAndLonger = (good: string) => [good.slice(0, -1), `${good}0`];

/** What replaces one claim of a good token. */
const CLAIMS: Readonly<Record<string, readonly Named[]>> = {
  ...times('exp'),
  ...times('iat'),
  ...times('auth_time'),
  nbf: NO_NUMBER.filter(([what]) => what !== 'absent'),
  ...generations('gen'),
  ...generations('cgen'),
  ...generations('igen'),
  csgen: [
    ...NO_NUMBER.filter(([what]) => what !== 'absent' && what !== 'a string'),
    ['text', () => '0'],
    ['half', () => 0.5],
    ['beyond 31 bits', () => 2 ** 31],
  ],
  ...identifiers('sub', shorterAndLonger),
  ...identifiers('sid', shorterAndLonger),
  ...identifiers('jti', shorterAndLonger),
  ...identifiers('client_id', () => ['cli_', `cli_${'x'.repeat(60)}`]),
  iss: [
    ...NO_TEXT,
    ['a list', (f) => [f.issuer]],
    ['with a slash', (f) => `${f.issuer}/`],
    ['in capitals', (f) => f.issuer.toUpperCase()],
    ['without its scheme', (f) => f.issuer.replace('http://', '')],
    ['over https', (f) => f.issuer.replace('http:', 'https:')],
    ['with a query', (f) => `${f.issuer}?`],
    ['with a fragment', (f) => `${f.issuer}#`],
    ['with a space', (f) => `${f.issuer} `],
    ['with a name for the address', (f) => f.issuer.replace('127.0.0.1', 'localhost')],
    ['its beginning', (f) => f.issuer.slice(0, -1)],
    ["a foreign issuer's", () => 'https://attacker.example'],
  ],
  aud: [
    ...NO_TEXT,
    ['no list', () => []],
    ['of numbers', () => [1]],
    ['of null', (f) => [f.audience, null]],
    ['of lists', (f) => [[f.audience]]],
    ['with an empty one', (f) => [f.audience, '']],
    ['its beginning', (f) => f.audience.slice(0, -1)],
    ['its beginning, in a list', (f) => [f.audience.slice(0, -1)]],
    ['goes on', (f) => `${f.audience}2`],
    ['in capitals', (f) => f.audience.toUpperCase()],
    ['in a list, in capitals', (f) => [f.audience.toUpperCase()]],
    ['with a space', (f) => `${f.audience} `],
    ['two in one', (f) => `${f.audience} urn:other`],
    ['any', () => '*'],
    ['of another service', () => 'urn:portcullis:other'],
    ['of another environment', (f) => f.audience.replace('urn:', 'urn:staging:')],
    ['an object with its name', (f) => ({ [f.audience]: true })],
    ['17 of them', (f) => [...Array.from({ length: 16 }, (_, i) => `urn:${i}`), f.audience]],
  ],
  roles: [
    ...NO_VALUE,
    ['text', () => 'admin'],
    ['with an empty one', () => ['']],
    ['with one of 65 characters', () => ['x'.repeat(65)]],
    ['of numbers', () => [1]],
    ['of lists', () => [['admin']]],
    ['one too many', () => Array.from({ length: 17 }, () => 'admin')],
  ],
  // A binding that cannot be read must not make a token without one.
  cnf: [
    ...NO_VALUE.filter(([what]) => what !== 'absent'),
    ['in order, and no proof with it', () => ({ jkt: 'A'.repeat(43) })],
    ['text', () => 'x'],
    ['a list', () => []],
    ['with an empty thumbprint', () => ({ jkt: '' })],
    ['with a thumbprint cut short', () => ({ jkt: 'A'.repeat(42) })],
    ['with a number', () => ({ jkt: 1 })],
    ['with a key', (f) => ({ jwk: f.jwk })],
  ],
  // One that cannot be read must not be taken for none, which narrows nothing.
  scope: [
    ...NO_VALUE.filter(([what]) => what !== 'absent'),
    ['a list', () => ['users:read']],
    ['with two spaces', () => 'users:read  users:write'],
    ['with a quote', () => 'users:"read"'],
    ['too long', () => 'x'.repeat(1_025)],
  ],
  amr: [
    ...NO_VALUE,
    ['text', () => 'pwd'],
    ['empty', () => []],
    ['with an empty one', () => ['']],
    ['of numbers', () => [1]],
  ],
  // A class that cannot be read must not make a token of a login without one.
  acr: [
    ...NO_VALUE.filter(([what]) => what !== 'absent'),
    ['empty', () => ''],
    ['a list', () => ['mfa']],
    ['longer than it may be', () => 'x'.repeat(129)],
  ],
};

/** Several claims of a good token at once. */
const TOGETHER: readonly (readonly [string, (f: Forge) => object])[] = [
  ['expired', ({ now }) => ({ iat: now - 700, exp: now - 100, auth_time: now - 700 })],
  ['expired a moment ago', ({ now }) => ({ iat: now - 600, exp: now - 1, auth_time: now - 600 })],
  ['issued in the future', ({ now }) => ({ iat: now + 300, exp: now + 900 })],
  ['issued in milliseconds', ({ now }) => ({ iat: now * 1_000, exp: now * 1_000 + 600 })],
  ['issued by a clock that is well ahead', ({ now }) => ({ iat: now + 20, exp: now + 320 })],
  ['not valid for some seconds', ({ now }) => ({ nbf: now + 20 })],
  ['not valid yet', ({ now }) => ({ nbf: now + 300 })],
  ['valid after its end only', ({ now }) => ({ exp: now + 2, nbf: now + 3 })],
  ['over before it begins', ({ now }) => ({ iat: now, exp: now - 1 })],
  ['of no duration', ({ now }) => ({ iat: now, exp: now })],
  ['a life beyond the cap', ({ now }) => ({ iat: now, exp: now + 3_601 })],
  ['a life of ten years', ({ now }) => ({ iat: now, exp: now + 315_360_000 })],
  ['issued in 1970, valid for ever', () => ({ iat: 1, exp: 253_402_300_799 })],
  ['no claims at all', (f) => Object.fromEntries(Object.keys(f.claims).map((n) => [n, undefined]))],
];

const MACHINE: readonly (readonly [string, (f: Forge) => object])[] = [
  ['no scope', () => ({ scope: undefined })],
  ['scope null', () => ({ scope: null })],
  ['scope a number', () => ({ scope: 1 })],
  ['scope a list', () => ({ scope: ['users:read'] })],
  ['scope too long', () => ({ scope: 'x'.repeat(1_025) })],
  ['scope with a newline', () => ({ scope: 'users:read\nusers:write' })],
  ['scope with a quote', () => ({ scope: 'users:"read"' })],
  ['scope with two spaces', () => ({ scope: 'users:read  users:write' })],
  ['roles', () => ({ roles: ['admin'] })],
  ['a session', (f) => ({ sid: f.claims['sid'] })],
  ['sid null', () => ({ sid: null })],
  ['another client for its subject', () => ({ sub: 'cli_other' })],
  ['a user for its subject', (f) => ({ sub: f.claims['sub'] })],
  ['another client', () => ({ client_id: 'cli_other' })],
  ['a generation for a user', () => ({ csgen: 0 })],
  ['csgen null', () => ({ csgen: null })],
];

const OTHER_TOKENS: readonly NamedToken[] = [
  [
    'a payload edited under an old signature',
    (f) => {
      const [header, , signature] = segmentsOf(f.good);
      return `${header}.${encoded({ ...f.claims, roles: ['admin', 'support'] })}.${signature}`;
    },
  ],
  [
    'a header edited under an old signature',
    (f) => {
      const [, payload, signature] = segmentsOf(f.good);
      return `${encoded({ ...f.header, x: 1 })}.${payload}.${signature}`;
    },
  ],
  ['an opaque refresh token', () => `prt_${'A'.repeat(43)}`],
  [
    'an ID token',
    (f) =>
      f.sign(
        { ...f.header, typ: 'JWT' },
        {
          iss: f.issuer,
          sub: f.claims['sub'],
          aud: 'cli_app',
          iat: f.now,
          exp: f.now + 600,
          nonce: 'n',
        },
      ),
  ],
  [
    'an ID token that says it is an access token',
    (f) =>
      f.sign(f.header, {
        iss: f.issuer,
        sub: f.claims['sub'],
        aud: f.audience,
        iat: f.now,
        exp: f.now + 600,
        nonce: 'n',
      }),
  ],
  [
    'a logout token',
    (f) =>
      f.sign(
        { ...f.header, typ: 'logout+jwt' },
        {
          iss: f.issuer,
          aud: f.audience,
          iat: f.now,
          exp: f.now + 120,
          jti: f.claims['jti'],
          sid: f.claims['sid'],
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        },
      ),
  ],
  [
    'a client assertion (RFC 7523)',
    (f) =>
      f.sign(
        { ...f.header, typ: 'JWT' },
        { iss: 'cli_test', sub: 'cli_test', aud: f.issuer, jti: 'x', exp: f.now + 60 },
      ),
  ],
  [
    'a proof of possession (RFC 9449)',
    (f) =>
      f.sign(
        { alg: 'ES256', typ: 'dpop+jwt', jwk: f.jwk },
        { jti: 'x', htm: 'GET', htu: `${f.issuer}/v1/me`, iat: f.now },
      ),
  ],
];

export const CLAIM: readonly NamedToken[] = [
  ...Object.entries(CLAIMS).flatMap(([claim, values]) =>
    values.map(([name, value]): NamedToken => [
      `${claim} ${name}`,
      (f) => f.sign(f.header, { ...f.claims, [claim]: value(f) }),
    ]),
  ),
  // JSON.stringify has no way to say infinity.
  [
    'exp infinite',
    (f) => f.sign(f.header, JSON.stringify(f.claims).replace(/"exp":\d+/, '"exp":1e999')),
  ],
  [
    'gen infinite',
    (f) => f.sign(f.header, JSON.stringify(f.claims).replace(/"gen":\d+/, '"gen":1e999')),
  ],
  ...TOGETHER.map(([name, changes]): NamedToken => [
    name,
    (f) => f.sign(f.header, { ...f.claims, ...changes(f) }),
  ]),
  ...MACHINE.map(([name, changes]): NamedToken => [
    `a machine with ${name}`,
    (f) => f.sign(f.header, { ...f.machine, ...changes(f) }),
  ]),
  ...OTHER_TOKENS,
];

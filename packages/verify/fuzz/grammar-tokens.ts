/**
 * Tokens by a grammar: each part is mostly right, sometimes odd and in order, sometimes wrong; so that
 * about half of the tokens are in order, and the others nearly so.
 */
import { newId } from '@portcullis/contracts';
import { createHmac } from 'node:crypto';
import type { Random } from './random.ts';
import type { Signer } from './signer.ts';

/** How often any one part is wrong. */
const WRONG = 0.03;
/** How often what need not be there is. */
const ODD = 0.15;

const NONSENSE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e300,
  2 ** 31,
  2 ** 53,
  '',
  ' ',
  'x',
  '0',
  '__proto__',
  [],
  {},
  [''],
  [null],
  [[]],
  [1],
  ['admin'],
  ['root'],
  { a: 1 },
  'usr_',
  'at+jwt',
  '\n',
  '\0',
];

export interface Times {
  /** Seconds since the epoch. */
  now: number;
}

export function grammarToken(random: Random, signer: Signer, times: Times): string {
  const { kid, alg } = signer.pick(random);
  const header = headerText(random, { alg, kid });
  const payload = payloadText(random, signer, times);
  const token = random.chance(WRONG / 2)
    ? hmac(random, signer, header, payload)
    : signer.sign(header, payload, kid);
  return random.chance(WRONG) ? spelling(random, token) : token;
}

function headerText(random: Random, header: { alg: string; kid: string }): string {
  const typ = random.pick(['at+jwt', 'at+jwt', 'application/at+jwt', 'at+JWT', 'AT+JWT']);
  const members = new Map<string, unknown>(Object.entries({ ...header, typ }));
  if (random.chance(ODD)) members.set(random.pick(['foo', 'x', 'Crit', 'JWK', 'b']), 1);
  if (random.chance(WRONG)) members.set(random.pick(['alg', 'kid', 'typ']), random.pick(NONSENSE));
  if (random.chance(WRONG))
    members.set('typ', random.pick(['JWT', 'logout+jwt', 'dpop+jwt', 'jwt']));
  if (random.chance(WRONG))
    members.set('alg', random.pick(['none', 'HS256', 'RS256', 'EdDSA', 'ES256']));
  if (random.chance(WRONG)) {
    const name = random.pick(['jwk', 'jku', 'crit', 'zip', 'cty', 'b64', 'enc', 'x5c', 'nonce']);
    members.set(name, random.pick(['DEF', ['exp'], {}, false, 'https://attacker.example']));
  }
  if (random.chance(WRONG)) members.delete(random.pick([...members.keys()]));
  return json(random, members);
}

function payloadText(random: Random, signer: Signer, { now }: Times): string {
  const { issuer, audience } = signer.issuer;
  const iat = now - random.below(500);
  const exp = now + 60 + random.below(600);
  const aud = random.pick([audience, [audience], ['urn:other', audience], [audience, audience]]);
  const members = new Map<string, unknown>(Object.entries({ iss: issuer, aud, iat, exp }));
  members.set('jti', newId('tok'));
  for (const name of ['gen', 'cgen', 'igen']) members.set(name, random.below(3));
  const more = random.chance(0.8) ? user(random, iat) : { sub: 'cli_a', scope: 'users:read' };
  for (const [name, value] of Object.entries({ client_id: 'cli_a', ...more }))
    members.set(name, value);
  if (random.chance(ODD)) members.set('nbf', now - random.below(100));
  if (random.chance(ODD)) members.set('csgen', random.pick([0, 1, 3, 1, 0.5, -1, null, '1']));
  if (random.chance(WRONG)) {
    members.set('cnf', random.pick([{ jkt: 'A'.repeat(43) }, { jkt: 'A' }, {}, null, 'x', []]));
  }
  if (random.chance(ODD)) members.set(random.pick(['tenant', 'x', 'constructor', '']), odd(random));
  if (random.chance(8 * WRONG)) wrongClaim(random, members, { now, issuer, audience });
  return json(random, members);
}

function user(random: Random, iat: number) {
  return {
    sub: newId('usr'),
    sid: newId('ses'),
    roles: random.pick([[], ['admin'], ['support'], ['admin', 'clerk'], ['Night Shift']]),
    scope: random.pick([undefined, undefined, 'orders:read users:read', '']),
    auth_time: iat - random.below(100_000),
    amr: random.pick([['pwd'], ['pwd', 'otp']]),
    acr: random.pick([undefined, undefined, 'mfa', 'x'.repeat(128)]),
  };
}

function odd(random: Random): unknown {
  const deep = 1 + random.below(9);
  return random.pick([
    'Grüße 世界 🌍',
    '"}],[{"a":1,"a":2',
    '\\u0041\b\u2028',
    [1e21, -0.5, 0],
    { a: { b: [{}] } },
    JSON.parse('['.repeat(deep) + ']'.repeat(deep)),
    'x'.repeat(random.below(7_000)),
  ]);
}

function wrongClaim(
  random: Random,
  members: Map<string, unknown>,
  { now, issuer, audience }: { now: number; issuer: string; audience: string },
): void {
  const name = random.pick([...members.keys()]);
  const { pick } = { pick: <T>(from: readonly T[]) => random.pick(from) };
  const wrongs: (() => unknown)[] = [
    () => members.delete(name),
    () => members.set(name, pick(NONSENSE)),
    () => members.set(name, String(members.get(name))),
    () => members.set(name, [members.get(name)]),
    () => members.set('exp', pick([now - 60, now + 4_000, now + 600.5, 253_402_300_799])),
    () => members.set('iat', pick([now + 60, now * 1_000, 1, now + 0.5])),
    () => members.set('nbf', pick([now + 60, now + 100_000, 'now', -1])),
    () => members.set('iss', pick([`${issuer}/`, issuer.toUpperCase(), `${issuer} `])),
    () =>
      members.set('aud', pick([audience.slice(0, -1), `${audience}2`, [], [audience, 1], ['']])),
    () => members.set('sub', pick(['cli_b', newId('usr'), newId('ses'), 'usr_ILOU'])),
    () => members.set('sid', pick([newId('usr'), '', undefined])),
    () => members.set('roles', pick([[''], 'admin', ['x'.repeat(65)], Array(17).fill('admin')])),
    () => members.set('scope', pick(['a  b', ' a', 'a"', 'a\n', 'x'.repeat(1_025), 'users:read'])),
  ];
  pick(wrongs)();
}

/** One of the many ways to write an object down, some of which are wrong. */
function json(random: Random, members: ReadonlyMap<string, unknown>): string {
  const entries = [...members].filter(([, value]) => value !== undefined);
  if (random.chance(ODD)) entries.sort(() => (random.chance(0.5) ? 1 : -1));
  const gap = random.chance(ODD) ? random.pick([' ', '\n', '\t', '\r\n ']) : '';
  const written = entries.map(([name, value]) => {
    const quoted = random.chance(ODD / 10) ? escapedName(name) : JSON.stringify(name);
    return `${gap}${quoted}${gap}:${gap}${JSON.stringify(value)}`;
  });
  if (random.chance(WRONG)) {
    const [name] = random.pick(entries);
    const twice = random.chance(0.5) ? JSON.stringify(name) : escapedName(name);
    written.splice(
      random.below(written.length),
      0,
      `${twice}:${JSON.stringify(random.pick(NONSENSE))}`,
    );
  }
  const text = `${gap}{${written.join(`${gap},`)}${gap}}${gap}`;
  if (!random.chance(WRONG)) return text;
  return random.pick([
    `\uFEFF${text}`,
    `${text}${text}`,
    `${text},`,
    `[${text}]`,
    text.slice(0, -1),
  ]);
}

function escapedName(name: string): string {
  const code = name.charCodeAt(0);
  if (Number.isNaN(code)) return '""';
  const rest = JSON.stringify(name.slice(1)).slice(1);
  return `"\\u${code.toString(16).padStart(4, '0')}${rest}`;
}

/** What a verifier that takes the public key for a secret would accept. */
function hmac(random: Random, { keys }: Signer, header: string, payload: string): string {
  const [key] = [...keys.values()];
  const pem = String(key?.key.export({ format: 'pem', type: 'spki' }) ?? '');
  const text = random.chance(0.7) ? header.replace(/"(ES256|RS256|EdDSA)"/, '"HS256"') : header;
  const signed = `${Buffer.from(text).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
}

function spelling(random: Random, token: string): string {
  const at = random.below(token.length);
  const between = (text: string) => token.slice(0, at) + text + token.slice(at);
  const [header = '', payload = '', signature = ''] = token.split('.');
  return random.pick([
    `${token}=`,
    `${token}==`,
    ` ${token}`,
    `${token}\n`,
    between('\n'),
    between(' '),
    between('='),
    between('.'),
    `${header}=.${payload}.${signature}`,
    `${header}.${payload}==.${signature}`,
    `${token}.${signature}`,
    `${token},${token}`,
    `${header}.${payload}.`,
    `${header}..${signature}`,
    token.replaceAll('-', '+'),
    token.replaceAll('_', '/'),
    token.slice(0, -1) + nextCharacter(token.slice(-1)),
  ]);
}

/** Of base64url: has the lowest bit turned, which means nothing at the end of most segments. */
export function nextCharacter(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet.charAt(alphabet.indexOf(character) ^ 1);
}

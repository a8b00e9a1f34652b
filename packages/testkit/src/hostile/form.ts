/** Everything but exactly three segments of canonical base64url and one JSON object of one reading. */
import { encoded, segmentsOf, type Forge } from './forge.ts';
import type { NamedToken } from './case.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const parts = (forge: Forge) => segmentsOf(forge.good);
const json = (value: unknown): string => JSON.stringify(value);

/** The same bytes with the bits set that the last character does not need. */
function withStrayBits(segment: string): string {
  const unused = segment.length % 4 === 2 ? 0b1111 : 0b11;
  const last = ALPHABET.indexOf(segment.slice(-1));
  return segment.slice(0, -1) + ALPHABET.charAt(last | unused);
}

/** A payload whose length leaves unused bits in its last character. */
function uneven(forge: Forge): string {
  for (let filler = ''; ; filler += 'x') {
    const token = forge.sign(forge.header, { ...forge.claims, filler });
    if (segmentsOf(token)[1].length % 4 !== 0) return token;
  }
}

const SEGMENTS: readonly NamedToken[] = [
  ['nothing at all', () => ''],
  ['two dots', () => '..'],
  ['one word', () => 'token'],
  ['the header alone', (f) => parts(f)[0]],
  ['two segments', (f) => parts(f).slice(0, 2).join('.')],
  ['a dot at the end', (f) => `${f.good}.`],
  ['a dot in front', (f) => `.${f.good}`],
  ['four segments', (f) => `${f.good}.${encoded('{}')}`],
  ['five segments, as of an encrypted token', (f) => `${f.good}.AA.AA`],
  ['no header', (f) => `.${parts(f)[1]}.${parts(f)[2]}`],
  ['no payload, as of a detached one', (f) => `${parts(f)[0]}..${parts(f)[2]}`],
  ['no signature', (f) => `${parts(f)[0]}.${parts(f)[1]}.`],
  ['segments in another order', (f) => `${parts(f)[1]}.${parts(f)[0]}.${parts(f)[2]}`],
  ['two tokens, by a comma', (f) => `${f.good},${f.good}`],
  ['two tokens, by a space', (f) => `${f.good} ${f.good}`],
  ['two tokens, by a semicolon', (f) => `${f.good};${f.good}`],
  ['the scheme twice', (f) => `Bearer ${f.good}`],
  ['quotes around it', (f) => `"${f.good}"`],
  ['angle brackets around it', (f) => `<${f.good}>`],
  [
    'the flattened JSON serialisation',
    (f) => json({ protected: parts(f)[0], payload: parts(f)[1], signature: parts(f)[2] }),
  ],
  [
    'the general JSON serialisation',
    (f) =>
      json({
        payload: parts(f)[1],
        signatures: [{ protected: parts(f)[0], signature: parts(f)[2] }],
      }),
  ],
  ['over 8 kB', (f) => f.sign(f.header, { ...f.claims, filler: 'x'.repeat(6_500) })],
  ['a signature over 8 kB', (f) => `${f.good}${'A'.repeat(8_192)}`],
  ['200 kB', (f) => f.sign(f.header, { ...f.claims, filler: 'x'.repeat(150_000) })],
];

const SPELLING: readonly NamedToken[] = [
  ['padding behind the signature', (f) => `${f.good}==`],
  ['one = behind the signature', (f) => `${f.good}=`],
  ['padding behind the header', (f) => `${parts(f)[0]}=.${parts(f)[1]}.${parts(f)[2]}`],
  ['padding behind the payload', (f) => `${parts(f)[0]}.${parts(f)[1]}==.${parts(f)[2]}`],
  ['a space in front', (f) => ` ${f.good}`],
  ['a space behind', (f) => `${f.good} `],
  ['a newline behind', (f) => `${f.good}\n`],
  ['CR LF behind', (f) => `${f.good}\r\n`],
  ['a newline in front', (f) => `\n${f.good}`],
  ['a space before a dot', (f) => f.good.replace('.', ' .')],
  ['a space after a dot', (f) => f.good.replace('.', '. ')],
  ['a newline in the header', (f) => `${f.good.slice(0, 5)}\n${f.good.slice(5)}`],
  ['a tab in the signature', (f) => `${f.good.slice(0, -3)}\t${f.good.slice(-3)}`],
  ['a form feed in the payload', (f) => f.good.replace('.', '.\f')],
  ['NUL behind', (f) => `${f.good}\0`],
  ['NUL inside', (f) => f.good.replace('.', '\0.')],
  ['a zero-width space', (f) => f.good.replace('.', '\u200B.')],
  ['a byte order mark in front', (f) => `\uFEFF${f.good}`],
  ['a full-width dot', (f) => f.good.replace('.', '\uFF0E')],
  // Decoders that look at the low byte alone take U+0141 for "A".
  ['letters of another alphabet', (f) => f.good.replace('e', '\u0165')],
  ['percent-encoding', (f) => f.good.replace('.', '%2E')],
  ['a character of standard base64', (f) => `${f.good.slice(0, -2)}+${f.good.slice(-1)}`],
  ['a slash of standard base64', (f) => `${f.good.slice(0, -2)}/${f.good.slice(-1)}`],
  ['a tilde', (f) => `${f.good.slice(0, -2)}~${f.good.slice(-1)}`],
  [
    'stray low bits in the signature',
    (f) => `${parts(f)[0]}.${parts(f)[1]}.${withStrayBits(parts(f)[2])}`,
  ],
  [
    'stray low bits in the payload',
    (f) => {
      const [header, payload, signature] = segmentsOf(uneven(f));
      return `${header}.${withStrayBits(payload)}.${signature}`;
    },
  ],
  ['a segment of impossible length', (f) => `${parts(f)[0]}.${parts(f)[1]}.${parts(f)[2]}AAA`],
];

/** Signed by the issuer: only the payload is no payload. */
const PAYLOADS: readonly (readonly [name: string, payload: (f: Forge) => string | Uint8Array])[] = [
  ['empty text', () => ' '],
  ['null', () => 'null'],
  ['true', () => 'true'],
  ['a number', () => '1'],
  ['a string', (f) => json(json(f.claims))],
  ['an array', (f) => json([f.claims])],
  ['an empty array', () => '[]'],
  ['an empty object', () => '{}'],
  ['another token', (f) => f.good],
  ['two objects', (f) => json(f.claims) + json(f.claims)],
  ['something behind the object', (f) => `${json(f.claims)}x`],
  ['NUL behind the object', (f) => `${json(f.claims)}\0`],
  ['half an object', (f) => json(f.claims).slice(0, -1)],
  ['a comma too many', (f) => `${json(f.claims).slice(0, -1)},}`],
  ['single quotes', (f) => json(f.claims).replaceAll('"', "'")],
  ['names without quotes', (f) => json(f.claims).replaceAll(/"(\w+)":/g, '$1:')],
  ['a comment', (f) => `/* */${json(f.claims)}`],
  ['NaN', (f) => json(f.claims).replace('{', '{"x":NaN,')],
  ['a number with a plus', (f) => json(f.claims).replace('{', '{"x":+1,')],
  ['a number with a leading zero', (f) => json(f.claims).replace('{', '{"x":01,')],
  ['a hexadecimal number', (f) => json(f.claims).replace('{', '{"x":0x1,')],
  ['a control character in a string', (f) => json(f.claims).replace('{', '{"x":"\u0001",')],
  ['a no-break space', (f) => `\u00A0${json(f.claims)}`],
  ['a byte order mark', (f) => `\uFEFF${json(f.claims)}`],
  ['UTF-16', (f) => Buffer.from(json(f.claims), 'utf16le')],
  ['UTF-16 with its mark', (f) => Buffer.from(`\uFEFF${json(f.claims)}`, 'utf16le')],
  ['Latin-1', (f) => Buffer.from(json({ ...f.claims, x: 'é' }), 'latin1')],
  [
    'an overlong spelling of UTF-8',
    (f) => Buffer.from(json({ ...f.claims, x: '\u00C0\u00AF' }), 'latin1'),
  ],
  ['compressed JSON', () => Buffer.from('1f8b0800', 'hex')],
  ['a member twice', (f) => json(f.claims).replace('{', '{"sub":"usr_x",')],
  ['a member twice, the same', (f) => json(f.claims).replace('{', `{"gen":0,`)],
  ['a member twice, spelt otherwise', (f) => json(f.claims).replace('{', '{"\\u0073ub":"x",')],
  ['an unknown member twice', (f) => json(f.claims).replace('{', '{"x":1,"x":2,')],
  ['a member twice, further down', (f) => json(f.claims).replace('{', '{"x":{"a":1,"a":2},')],
  ['a member twice, in an array', (f) => json(f.claims).replace('{', '{"x":[{"a":1,"a":1}],')],
  ['a member twice, in what is lost', (f) => json(f.claims).replace('{', '{"x":{"a":1},"x":0,')],
  ['the empty name twice', (f) => json(f.claims).replace('{', '{"":1,"":2,')],
  ['__proto__', (f) => json(f.claims).replace('{', '{"__proto__":{"roles":["admin"]},')],
  ['__proto__, spelt otherwise', (f) => json(f.claims).replace('{', '{"\\u005f_proto__":{},')],
  ['__proto__, further down', (f) => json(f.claims).replace('{', '{"x":[{"__proto__":{}}],')],
  ['half of a surrogate pair', (f) => json(f.claims).replace('{', '{"x":"\\ud800",')],
  ['half of a pair in a name', (f) => json(f.claims).replace('{', '{"\\udc00":1,')],
  ['9 levels', (f) => json(f.claims).replace('{', `{"x":${'['.repeat(8)}${']'.repeat(8)},`)],
  [
    '9 levels of objects',
    (f) => json(f.claims).replace('{', `{"x":${'{"x":'.repeat(8)}0${'}'.repeat(8)},`),
  ],
  [
    '2,500 levels',
    (f) => json(f.claims).replace('{', `{"x":${'['.repeat(2_500)}${']'.repeat(2_500)},`),
  ],
  ['2,500 open brackets', () => '['.repeat(2_500)],
];

export const FORM: readonly NamedToken[] = [
  ...SEGMENTS,
  ...SPELLING,
  ...PAYLOADS.map(([name, payload]): NamedToken => [
    `payload: ${name}`,
    (f) => f.sign(f.header, payload(f)),
  ]),
];

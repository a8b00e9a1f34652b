/** Headers that would choose the algorithm, the key or the rules; and signatures that are none. */
import { createHmac, createPublicKey } from 'node:crypto';
import { encoded, segmentsOf, type Forge } from './forge.ts';
import type { NamedToken } from './case.ts';

/** The order of P-256. */
const N = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

const ALGORITHMS: readonly unknown[] = [
  ...'none None NONE nOnE HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512'.split(' '),
  ...'ES384 ES512 ES256K EdDSA Ed25519 Ed448 es256 Es256 ES-256 ecdsa SHA256 dir'.split(' '),
  ...'RSA-OAEP A128KW ECDH-ES'.split(' '),
  '',
  'ES256 ',
  ' ES256',
  'ES256\0',
  null,
  1,
  true,
  ['ES256'],
  { alg: 'ES256' },
];

const KIDS: readonly (readonly [string, (f: Forge) => unknown])[] = [
  ['absent', () => undefined],
  ['null', () => null],
  ['empty', () => ''],
  ['a number', () => 1],
  ['zero', () => 0],
  ['true', () => true],
  ['a list', (f) => [f.kid]],
  ['an object', (f) => ({ kid: f.kid })],
  ['a path', () => '../../../../dev/null'],
  ['an absolute path', () => '/proc/sys/kernel/randomize_va_space'],
  ['an address', () => 'https://attacker.example/keys.json'],
  ['SQL', () => "x' UNION SELECT 'secret'--"],
  ['a command', () => 'key|/bin/sh -c id'],
  ['NUL', (f) => `${f.kid}\0`],
  ['a newline', (f) => `${f.kid}\nx: y`],
  ['__proto__', () => '__proto__'],
  ['constructor', () => 'constructor'],
  ['toString', () => 'toString'],
  ['very long', () => 'k'.repeat(2_000)],
  ['capitals', (f) => f.kid.toUpperCase()],
  ['a space behind', (f) => `${f.kid} `],
  ['a space in front', (f) => ` ${f.kid}`],
  ['its beginning', (f) => f.kid.slice(0, -1)],
  ['goes on', (f) => `${f.kid}0`],
  ['the prefix alone', () => 'key_'],
  ['that of another kind', (f) => f.kid.replace('key_', 'usr_')],
  ['of the right form, of no key', () => 'key_0000000000000000000000000x'],
  ['of another key of the issuer', (f) => f.otherKid],
];

/** Named as they are, and what is special about them behind a comma. */
const PARAMETERS: readonly (readonly [string, (f: Forge) => unknown])[] = [
  ['jwk', (f) => f.jwk],
  ['jku', (f) => `${f.issuer}/.well-known/jwks.json`],
  ['x5u', () => 'https://attacker.example/cert'],
  ['x5c', () => ['MIIB']],
  ['x5t', () => 'dGh1bWJwcmludA'],
  ['x5t#S256', () => 'dGh1bWJwcmludA'],
  ['crit', () => ['exp']],
  ['crit, empty', () => []],
  ['crit, of another', () => ['b64']],
  ['crit, null', () => null],
  ['b64', () => false],
  ['b64, as usual', () => true],
  ['zip', () => 'DEF'],
  ['cty', () => 'JWT'],
  ['enc', () => 'A256GCM'],
  ['epk', (f) => f.jwk],
  ['p2c', () => 1_000_000_000],
  ['iss', () => 'https://attacker.example'],
  ['sub', (f) => f.claims['sub']],
  ['aud', (f) => f.audience],
  ['trust_chain', () => ['AA']],
];

const TYPES: readonly unknown[] = [
  ...'JWT jwt JOSE application/jwt at at+jwt;v=1 text/at+jwt application/ at+jwts'.split(' '),
  ...'rt+jwt id+jwt logout+jwt secevent+jwt dpop+jwt token-introspection+jwt'.split(' '),
  ...'portcullis-key+jwt application/portcullis-key+jwt'.split(' '),
  'application/application/at+jwt',
  '',
  ' ',
  'at jwt',
  'at+jwt ',
  ' at+jwt',
  'at+jwt\0',
  undefined,
  null,
  1,
  true,
  ['at+jwt'],
  { typ: 'at+jwt' },
];

const HEADERS: readonly (readonly [string, (f: Forge) => string | Uint8Array])[] = [
  ['null', () => 'null'],
  ['a string', () => '"ES256"'],
  ['an array', (f) => JSON.stringify([f.header])],
  ['an empty object', () => '{}'],
  ['not JSON', () => 'ES256'],
  ['alg twice', (f) => JSON.stringify(f.header).replace('{', '{"alg":"none",')],
  ['kid twice', (f) => JSON.stringify(f.header).replace('{', '{"kid":"key_x",')],
  ['typ twice, spelt otherwise', (f) => JSON.stringify(f.header).replace('{', '{"t\\u0079p":"x",')],
  ['__proto__', (f) => JSON.stringify(f.header).replace('{', '{"__proto__":{"alg":"none"},')],
  ['crit, spelt otherwise', (f) => JSON.stringify(f.header).replace('{', '{"cri\\u0074":["x"],')],
  ['a byte order mark', (f) => `\uFEFF${JSON.stringify(f.header)}`],
  ['UTF-16', (f) => Buffer.from(JSON.stringify(f.header), 'utf16le')],
  [
    '9 levels',
    (f) => JSON.stringify(f.header).replace('{', `{"x":${'['.repeat(8)}${']'.repeat(8)},`),
  ],
  ['NUL behind it', (f) => `${JSON.stringify(f.header)}\0`],
];

/** Forms in which a public key is mistaken for a secret, and well-known secrets. */
const SECRETS: readonly (readonly [string, (f: Forge) => string | Uint8Array])[] = [
  ['the JWK', (f) => JSON.stringify(f.jwk)],
  [
    'the JWK, its material alone',
    ({ jwk: { kty, crv, x, y } }) => JSON.stringify({ crv, kty, x, y }),
  ],
  ['the PEM', (f) => pem(f)],
  ['the PEM without its last newline', (f) => pem(f).trimEnd()],
  ['the PEM with CR LF', (f) => pem(f).replaceAll('\n', '\r\n')],
  ['the body of the PEM', (f) => pem(f).split('\n').slice(1, -2).join('')],
  [
    'the DER',
    (f) => createPublicKey({ key: f.jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }),
  ],
  ['the point', (f) => Buffer.concat([Buffer.from([4]), coordinate(f, 'x'), coordinate(f, 'y')])],
  ['the coordinates', (f) => Buffer.concat([coordinate(f, 'x'), coordinate(f, 'y')])],
  ['x', (f) => coordinate(f, 'x')],
  ['x, as it is written', (f) => String(f.jwk.x)],
  ['nothing', () => ''],
  ['a zero byte', () => '\0'],
  ['32 zero bytes', () => Buffer.alloc(32)],
  ['secret', () => 'secret'],
  ['your-256-bit-secret', () => 'your-256-bit-secret'],
  ['changeme', () => 'changeme'],
  ['the kid', (f) => f.kid],
  ['the issuer', (f) => f.issuer],
];

function pem(f: Forge): string {
  return String(
    createPublicKey({ key: f.jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' }),
  );
}

function coordinate(f: Forge, name: 'x' | 'y'): Buffer {
  return Buffer.from(f.jwk[name] ?? '', 'base64url');
}

const SIGNATURES: readonly (readonly [string, (good: Buffer) => Buffer])[] = [
  ['r = s = 0', () => Buffer.alloc(64)],
  ['r = 0', (good) => Buffer.concat([Buffer.alloc(32), good.subarray(32)])],
  ['s = 0', (good) => Buffer.concat([good.subarray(0, 32), Buffer.alloc(32)])],
  ['r = s = 1', () => Buffer.from(`${'00'.repeat(31)}01`.repeat(2), 'hex')],
  ['r = the order', (good) => Buffer.concat([Buffer.from(N, 'hex'), good.subarray(32)])],
  ['s = the order', (good) => Buffer.concat([good.subarray(0, 32), Buffer.from(N, 'hex')])],
  ['r = s = the order', () => Buffer.from(N + N, 'hex')],
  ['all ones', () => Buffer.alloc(64, 0xff)],
  ['r and s changed round', (good) => Buffer.concat([good.subarray(32), good.subarray(0, 32)])],
  ['a byte short', (good) => good.subarray(0, 63)],
  ['a byte long', (good) => Buffer.concat([good, Buffer.alloc(1)])],
  ['twice', (good) => Buffer.concat([good, good])],
  ['r alone', (good) => good.subarray(0, 32)],
  ['one byte', () => Buffer.alloc(1)],
  ['the first bit turned', (good) => turned(good, 0)],
  ['the last bit turned', (good) => turned(good, 511)],
  ['as DER', (good) => asDer(good)],
];

function turned(good: Buffer, bit: number): Buffer {
  const bytes = Buffer.from(good);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  return bytes;
}

/** The very same numbers, as X.509 has them. */
function asDer(good: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
    return Buffer.concat([Buffer.from([2, positive.length]), positive]);
  };
  const both = Buffer.concat([integer(good.subarray(0, 32)), integer(good.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
}

const named = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));

export const HEADER: readonly NamedToken[] = [
  ...ALGORITHMS.flatMap((alg): NamedToken[] => [
    [`alg ${named(alg)}`, (f) => f.sign({ ...f.header, alg }, f.claims)],
  ]),
  ['alg absent', (f) => f.sign({ ...f.header, alg: undefined }, f.claims)],
  [
    'alg none, no signature',
    (f) => `${encoded({ ...f.header, alg: 'none' })}.${encoded(f.claims)}.`,
  ],
  ['alg None, one byte', (f) => `${encoded({ ...f.header, alg: 'None' })}.${encoded(f.claims)}.AA`],
  ...KIDS.map(([name, kid]): NamedToken => [
    `kid ${name}`,
    (f) => f.sign({ ...f.header, kid: kid(f) }, f.claims),
  ]),
  ...PARAMETERS.map(([name, value]): NamedToken => [
    `${name} present`,
    (f) => f.sign({ ...f.header, [name.replace(/,.*/, '')]: value(f) }, f.claims),
  ]),
  ...TYPES.map((typ): NamedToken => [
    `typ ${named(typ)}`,
    (f) => f.sign({ ...f.header, typ }, f.claims),
  ]),
  ...HEADERS.map(([name, header]): NamedToken => [
    `header: ${name}`,
    (f) => f.sign(header(f), f.claims),
  ]),
  ...SECRETS.flatMap(([name, secret]) =>
    (['HS256', 'ES256'] as const).map((alg): NamedToken => [
      `HMAC with ${name}, as ${alg}`,
      (f) => {
        const signed = `${encoded({ ...f.header, alg })}.${encoded(f.claims)}`;
        return `${signed}.${createHmac('sha256', secret(f)).update(signed).digest('base64url')}`;
      },
    ]),
  ),
  ...SIGNATURES.map(([name, signature]): NamedToken => [
    `signature: ${name}`,
    (f) => {
      const [header, payload, good] = segmentsOf(f.good);
      return `${header}.${payload}.${encoded(signature(Buffer.from(good, 'base64url')))}`;
    },
  ]),
  ["a foreign key's signature", (f) => f.signWithForeignKey(f.header, f.claims)],
  [
    "a foreign key's signature, as DER",
    (f) => f.signWithForeignKey(f.header, f.claims, { der: true }),
  ],
  [
    "a foreign key's signature, with its key",
    (f) => f.signWithForeignKey({ ...f.header, jwk: f.jwk }, f.claims),
  ],
];

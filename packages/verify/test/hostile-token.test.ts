/** Tokens that must be refused, each with the same public answer; and those that must not be. */
import { newId, Refusal } from '@portcullis/contracts';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, systemClock, type Verifier } from '../src/index.ts';

let issuer: TestIssuer;
let verifier: Verifier;
let good: string;
let jwk: Record<string, string>;
const minute = 60;

beforeAll(async () => {
  issuer = await createTestIssuer();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  good = await issuer.mint();
  const response = await fetch(issuer.jwksUrl);
  const { keys } = (await response.json()) as { keys: Record<string, string>[] };
  jwk = keys[0] ?? {};
});

afterAll(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function decoded(segment: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(good.split('.')[segment] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

/** Signed by a stranger's key of the right kind. */
function stranger(header: string, payload: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = `${header}.${payload}`;
  const signature = sign('sha256', Buffer.from(signed), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}

const now = (): number => Math.floor(Date.now() / 1_000);
const parts = (): [string, string, string] => good.split('.') as [string, string, string];

const FORM: Record<string, () => string> = {
  empty: () => '',
  dots: () => '..',
  'two segments': () => parts().slice(0, 2).join('.'),
  'four segments': () => `${good}.`,
  'five segments': () => `${good}.a.b`,
  'no header': () => `.${parts()[1]}.${parts()[2]}`,
  'no payload': () => `${parts()[0]}..${parts()[2]}`,
  'no signature': () => `${parts()[0]}.${parts()[1]}.`,
  'padded signature': () => `${good}==`,
  'padded header': () => `${parts()[0]}=.${parts()[1]}.${parts()[2]}`,
  'a space in front': () => ` ${good}`,
  'a newline behind': () => `${good}\n`,
  'a space inside': () => good.replace('.', ' .'),
  'a tab in the signature': () => `${good.slice(0, -3)}\t${good.slice(-3)}`,
  'stray low bits': () => {
    const [header, payload, signature] = parts();
    const last = signature.slice(-1);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    return `${header}.${payload}.${signature.slice(0, -1)}${alphabet[alphabet.indexOf(last) ^ 1]}`;
  },
  'standard base64': () => good.replaceAll('_', '/').replaceAll('-', '+') + '/',
  'over 8 kB': () => stranger(parts()[0], encode({ ...decoded(1), filler: 'x'.repeat(9_000) })),
  'two tokens': () => `${good},${good}`,
  'JSON serialisation': () =>
    JSON.stringify({ protected: parts()[0], payload: parts()[1], signature: parts()[2] }),
  'a nested token': () => stranger(parts()[0], encode(good)),
  'a byte order mark': () => stranger(parts()[0], encode(`\uFEFF${JSON.stringify(decoded(1))}`)),
  'UTF-16': () =>
    stranger(parts()[0], Buffer.from(JSON.stringify(decoded(1)), 'utf16le').toString('base64url')),
  'an array for a payload': () => stranger(parts()[0], encode([decoded(1)])),
  'null for a payload': () => stranger(parts()[0], encode('null')),
  'another signature': () => stranger(parts()[0], parts()[1]),
  'one bit flipped': () => {
    const [header, payload, signature] = parts();
    const bytes = Buffer.from(signature, 'base64url');
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    return `${header}.${payload}.${bytes.toString('base64url')}`;
  },
  'a payload edited under an old signature': () =>
    `${parts()[0]}.${encode({ ...decoded(1), roles: ['admin'] })}.${parts()[2]}`,
};

const bare = (header: Record<string, unknown>, signature = ''): string =>
  `${encode(header)}.${parts()[1]}.${signature}`;
const zeros = Buffer.alloc(64).toString('base64url');

const HEADER: Record<string, () => string | Promise<string>> = {
  'alg none': () => bare({ ...decoded(0), alg: 'none' }),
  'alg None, signed': () => bare({ ...decoded(0), alg: 'None' }, parts()[2]),
  'alg NONE': () => bare({ ...decoded(0), alg: 'NONE' }, 'AA'),
  'alg absent': () => bare({ typ: 'at+jwt', kid: issuer.kid }, parts()[2]),
  'alg an array': () => bare({ ...decoded(0), alg: ['ES256'] }, parts()[2]),
  'HS256 by the public key': () => {
    const signed = `${encode({ ...decoded(0), alg: 'HS256' })}.${parts()[1]}`;
    const mac = createHmac('sha256', JSON.stringify(jwk)).update(signed).digest('base64url');
    return `${signed}.${mac}`;
  },
  'RS256 by the name, ES256 by the key': () => bare({ ...decoded(0), alg: 'RS256' }, parts()[2]),
  'r and s zero': () => bare(decoded(0), zeros),
  'a DER signature': () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signed = `${parts()[0]}.${parts()[1]}`;
    const der = sign(
      'sha256',
      Buffer.from(signed),
      createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    );
    return `${signed}.${der.toString('base64url')}`;
  },
  'kid absent': () => issuer.mint({}, { header: { kid: undefined } }),
  'kid a number': () => issuer.mint({}, { header: { kid: 1 } }),
  'kid a path': () => issuer.mint({}, { header: { kid: '../../etc/passwd' } }),
  'kid with NUL': () => issuer.mint({}, { header: { kid: 'a\u0000b' } }),
  'kid __proto__': () => issuer.mint({}, { header: { kid: '__proto__' } }),
  'kid very long': () => issuer.mint({}, { header: { kid: 'k'.repeat(500) } }),
  'typ JWT': () => issuer.mint({}, { header: { typ: 'JWT' } }),
  'typ absent': () => issuer.mint({}, { header: { typ: undefined } }),
  'typ logout+jwt': () => issuer.mint({}, { header: { typ: 'logout+jwt' } }),
  'a jwk of its own': () => issuer.mint({}, { header: { jwk } }),
  'a jku': () => issuer.mint({}, { header: { jku: 'https://attacker.example/jwks' } }),
  'an x5u': () => issuer.mint({}, { header: { x5u: 'https://attacker.example/' } }),
  'an x5c': () => issuer.mint({}, { header: { x5c: ['AA'] } }),
  'crit, not understood': () => stranger(encode({ ...decoded(0), crit: ['exp'] }), parts()[1]),
  zip: () => issuer.mint({}, { header: { zip: 'DEF' } }),
  cty: () => issuer.mint({}, { header: { cty: 'JWT' } }),
};

const CLAIMS: Record<string, Record<string, unknown>> = {
  'no exp': { exp: undefined },
  'no iat': { iat: undefined },
  'no sub': { sub: undefined },
  'no jti': { jti: undefined },
  'no client_id': { client_id: undefined },
  'no gen': { gen: undefined },
  'no cgen': { cgen: undefined },
  'no igen': { igen: undefined },
  'no aud': { aud: undefined },
  'no sid': { sid: undefined },
  'no iss': { iss: undefined },
  'no auth_time': { auth_time: undefined },
  'an empty sub': { sub: '' },
  'a sub that is a number': { sub: 1 },
  'gen a string': { gen: '0' },
  'gen negative': { gen: -1 },
  'gen fractional': { gen: 0.5 },
  expired: { iat: now() - 700, exp: now() - 100 },
  'exp a string': { exp: String(now() + minute) },
  'exp negative': { exp: -1 },
  'exp fractional': { exp: now() + 0.5 },
  'exp beyond doubles': { exp: 1e300 },
  'iat in the future': { iat: now() + 3_600, exp: now() + 3_700 },
  'nbf in the future': { nbf: now() + 3_600 },
  'exp before iat': { iat: now(), exp: now() - 1 },
  'a life beyond the cap': { exp: now() + 3_700 },
  'iss with a slash': { iss: 'http://127.0.0.1/' },
  'another iss': { iss: 'https://attacker.example' },
  'another aud': { aud: 'urn:portcullis:other' },
  'aud that begins the same': { aud: 'urn:portcullis:tes' },
  'aud that goes on': { aud: 'urn:portcullis:test2' },
  'aud in capitals': { aud: 'URN:PORTCULLIS:TEST' },
  'aud empty': { aud: '' },
  'aud an empty list': { aud: [] },
  'aud of another type': { aud: [1] },
  'an unknown role': { roles: ['root'] },
  'roles not a list': { roles: 'admin' },
  'a machine that is somebody else': {
    sid: undefined,
    roles: undefined,
    sub: 'cli_other',
    scope: '',
  },
};

async function answer(token: string): Promise<unknown> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    return error instanceof Refusal ? error.toBody('req') : undefined;
  }
}

const refused = new Refusal('invalid_token').toBody('req');

describe('the verifier refuses, always with the same words,', () => {
  it.each(Object.keys(FORM))('form: %s', async (name) => {
    expect(await answer(FORM[name]?.() ?? '')).toEqual(refused);
  });
  it.each(Object.keys(HEADER))('header: %s', async (name) => {
    expect(await answer((await HEADER[name]?.()) ?? '')).toEqual(refused);
  });
  it.each(Object.keys(CLAIMS))('claims: %s', async (name) => {
    expect(await answer(await issuer.mint(CLAIMS[name]))).toEqual(refused);
  });

  it('members named twice, at any level and however they are spelt', async () => {
    // Signed by the issuer's own key, or the signature would be what is refused.
    const { parseToken } = await import('../src/index.ts');
    const [header, payload] = parts();
    const twice = (text: string): string => stranger(header, encode(text));
    const plain = JSON.stringify(decoded(1));
    expect(() => parseToken(stranger(header, payload))).not.toThrow();
    for (const text of [
      plain.replace('{', '{"sub":"usr_x",'),
      plain.replace('{', String.raw`{"\u0073ub":"usr_x",`),
      plain.replace('{', '{"x":{"a":1,"a":2},'),
      plain.replace('{', '{"x":[{"a":1,"a":2}],'),
      plain.replace('{', '{"__proto__":1,"__proto__":2,'),
      plain.replace('{', `{"x":${'['.repeat(20)}${']'.repeat(20)},`),
    ]) {
      expect(() => parseToken(twice(text)), text.slice(0, 40)).toThrow();
    }
    for (const text of [
      plain.replace('{', '{"x":{"sub":1},'),
      plain.replace('{', '{"x":["a","a","{\\"a\\":"],'),
    ]) {
      expect(() => parseToken(twice(text)), text.slice(0, 40)).not.toThrow();
    }
  });
});

describe('the verifier accepts', () => {
  const legitimate: [string, () => Promise<string>][] = [
    ['a plain token', () => issuer.mint()],
    ['the long form of typ', () => issuer.mint({}, { header: { typ: 'application/at+jwt' } })],
    ['typ in capitals', () => issuer.mint({}, { header: { typ: 'AT+JWT' } })],
    ['several audiences', () => issuer.mint({ aud: ['urn:other', issuer.audience] })],
    ['claims that it does not know', () => issuer.mint({ tenant: 'x', nested: { a: [1] } })],
    ['a header parameter that it does not know', () => issuer.mint({}, { header: { foo: 1 } })],
    ['nbf in the past', () => issuer.mint({ nbf: now() - 10 })],
    ['roles', () => issuer.mint({ roles: ['admin'] })],
    ["a machine's token", () => issuer.mintMachine({ scope: 'users:read' })],
  ];
  it.each(legitimate)('%s', async (_name, mint) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await answer(await mint())).toBe('accepted');
  });
});

describe('a verifier', () => {
  it('fetches keys once a cooldown, however many unknown ones it meets', async () => {
    const own = await createTestIssuer();
    const its = await createVerifier({
      issuer: own.issuer,
      audience: own.audience,
      service: 'test',
      feed: own.revocations.feed(),
    });
    await its.ready();
    const before = own.jwksRequests;
    const foreign = await Promise.all(
      Array.from({ length: 1_000 }, () => own.mint({}, { header: { kid: newId('key') } })),
    );
    const results = await Promise.allSettled(foreign.map((token) => its.verify(token)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(own.jwksRequests - before).toBeLessThanOrEqual(1);
    await its[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  it('takes up a key that it has not seen', async () => {
    const own = await createTestIssuer();
    own.revocations.maxStalenessMs = 60_000;
    let time = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + time };
    const its = await createVerifier({
      issuer: own.issuer,
      audience: own.audience,
      service: 'test',
      feed: own.revocations.feed(),
      clock: { ...clock, wall: () => systemClock.wall() + time },
    });
    await its.ready();
    await own.rotate();
    time += 5_001; // an issuer publishes a key for longer than the cooldown before it signs with it
    await its.verify(await own.mint());
    await its[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  it('refuses what a killed key signed, though the key set still has it', async () => {
    const own = await createTestIssuer();
    const its = await createVerifier({
      issuer: own.issuer,
      audience: own.audience,
      service: 'test',
      feed: own.revocations.feed(),
    });
    await its.ready();
    const token = await own.mint();
    await its.verify(token);
    own.revocations.revoke({ kind: 'key', key: own.kid });
    await expect(its.verify(token)).rejects.toMatchObject({ code: 'invalid_token' });
    await its[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  it('cannot be made without an audience, an issuer or a proper name', async () => {
    const base = {
      issuer: issuer.issuer,
      audience: 'a',
      service: 'test',
      feed: issuer.revocations.feed(),
    };
    for (const wrong of [{ audience: '' }, { issuer: 'nowhere' }, { service: 'a.b' }]) {
      await expect(createVerifier({ ...base, ...wrong })).rejects.toThrow();
    }
    await expect(createVerifier({ ...base, issuer: 'http://example.com' })).rejects.toThrow(
      'https',
    );
  });
});

/** `private_key_jwt` (RFC 7523 section 3), from the registration of a key to the refusal of a replay. */
import type { ClientId } from '@portcullis/contracts';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readClientKeys } from '../../src/client/client-keys.ts';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import {
  basic,
  MACHINE,
  startAuthSystem,
  wholeOf,
  type Answer,
  type AuthSystem,
} from '../auth-system.ts';

const CLIENT = 'cli_signer' as ClientId;
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
let system: AuthSystem;
let keys: Record<'ES256' | 'RS256' | 'Ed25519' | 'next' | 'small', Pair>;

interface Pair {
  privateKey: CryptoKey;
  jwk: Record<string, unknown>;
}

async function pair(alg: string, kid = alg): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

/** Of a size that no key may have any more. */
async function smallPair(): Promise<Pair> {
  const exponent = { publicExponent: new Uint8Array([1, 0, 1]) };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 1_024, ...exponent },
    true,
    ['sign', 'verify'],
  );
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: 'small' } };
}

async function register(jwks: Record<string, unknown>[], id = CLIENT): Promise<string> {
  return await changeOffline(
    system.bed.databaseUrls.auth,
    async (_, withChange) =>
      await ensureClient(withChange, {
        id,
        name: 'signer',
        scopes: ['users:read', 'tokens:introspect'],
        audiences: ['urn:portcullis:auth', 'urn:portcullis:user'],
        jwks: readClientKeys({ keys: jwks }).set,
      }),
  );
}

beforeAll(async () => {
  system = await startAuthSystem({ instances: 2 });
  keys = {
    ES256: await pair('ES256'),
    RS256: await pair('RS256'),
    Ed25519: await pair('Ed25519'),
    next: await pair('ES256', 'next'),
    small: await smallPair(),
  };
  await register([keys.ES256.jwk, keys.RS256.jwk, keys.Ed25519.jwk]);
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

interface Variant {
  alg?: keyof typeof keys;
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  /** Changes the JSON that is signed. */
  headerText?: (json: string) => string;
  claimsText?: (json: string) => string;
  /** Changes the three segments, once they are signed. */
  segments?: (header: string, claims: string, signature: string) => string;
}

const seconds = (offset: number): number => Math.floor(Date.now() / 1_000) + offset;

const encoded = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64url');
const asItIs = (json: string): string => json;
const joined = (...segments: string[]): string => segments.join('.');
/** Another member in front: readers that take the last of two would not notice it. */
const doubling = (member: string) => (json: string) => json.replace('{', `{${member},`);

/** Signed whatever it says: jose itself would not make some of these. */
async function assertion({ alg = 'ES256', header = {}, claims = {}, ...texts }: Variant = {}) {
  const said: Record<string, unknown> = {
    iss: CLIENT,
    sub: CLIENT,
    aud: system.auth.url,
    iat: seconds(0),
    exp: seconds(60),
    jti: crypto.randomUUID(),
    ...claims,
  };
  const { privateKey, jwk } = keys[alg];
  const named = { alg: alg === 'next' ? 'ES256' : alg, kid: jwk['kid'], ...header };
  const { headerText = asItIs, claimsText = asItIs, segments = joined } = texts;
  const [first, second] = [
    encoded(headerText(JSON.stringify(named))),
    encoded(claimsText(JSON.stringify(said))),
  ];
  const how = { ...privateKey.algorithm, hash: 'SHA-256' };
  const signed = new TextEncoder().encode(`${first}.${second}`);
  const signature = await crypto.subtle.sign(how, privateKey, signed);
  return segments(first, second, encoded(new Uint8Array(signature)));
}

async function ask(
  client_assertion: string,
  more: Record<string, string> = {},
  instance = system.auth,
): Promise<Answer> {
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: TYPE,
    client_assertion,
    ...more,
  };
  return await instance.call('POST', '/oauth2/token', { form });
}

describe('an assertion', () => {
  it.each<[string, () => Variant]>([
    ['ES256', () => ({})],
    ['RS256', () => ({ alg: 'RS256' })],
    ['Ed25519', () => ({ alg: 'Ed25519' })],
    ['no kid', () => ({ header: { kid: undefined } })],
    ['a typ', () => ({ header: { typ: 'JWT' } })],
    ['the typ of its own', () => ({ header: { typ: 'client-authentication+jwt' } })],
    [
      'the typ of its own, in full',
      () => ({ header: { typ: 'application/client-authentication+jwt' } }),
    ],
    ['thumbprints of a certificate', () => ({ header: { x5t: 'YWJj', 'x5t#S256': 'YWJj' } })],
    [
      'fractions of seconds',
      () => ({ claims: { iat: seconds(0) + 0.25, exp: seconds(60) + 0.5 } }),
    ],
    ['no iat', () => ({ claims: { iat: undefined } })],
    ['a clock that is ahead', () => ({ claims: { iat: seconds(20), nbf: seconds(20) } })],
    ['a life as long as it may be', () => ({ claims: { exp: seconds(320) } })],
    ['the token endpoint', () => ({ claims: { aud: `${system.auth.url}/oauth2/token` } })],
    [
      'both of our names',
      () => ({ claims: { aud: [system.auth.url, `${system.auth.url}/oauth2/token`] } }),
    ],
  ])('with %s proves the client', async (_, variant) => {
    const { status, body } = await ask(await assertion(variant()));
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', scope: 'users:read tokens:introspect' });
    const { access_token: token } = body;
    const list = await system.auth.call('GET', '/trpc/accounts.list?input=%7B%7D', { token });
    expect(list.status).toBe(200);
  });

  it.each<[string, () => Variant]>([
    ['the algorithm of another key', () => ({ header: { kid: 'RS256' } })],
    ['a kid that is not registered', () => ({ header: { kid: 'other' } })],
    ['a key that is not registered', () => ({ alg: 'next', header: { kid: 'ES256' } })],
    ['its key in the header', () => ({ header: { jwk: keys.ES256.jwk } })],
    ['the type of an access token', () => ({ header: { typ: 'at+jwt' } })],
    ['a typ that is no text', () => ({ header: { typ: ['JWT'] } })],
    ['a certificate to be trusted', () => ({ header: { x5c: ['MIIC'] } })],
    ['a certificate to be fetched', () => ({ header: { x5u: 'https://elsewhere.example' } })],
    ['a key to be fetched', () => ({ header: { jku: 'https://elsewhere.example' } })],
    ['compression', () => ({ header: { zip: 'DEF' } })],
    ['a type of content', () => ({ header: { cty: 'JWT' } })],
    ['a payload that is not encoded', () => ({ header: { b64: true, crit: ['b64'] } })],
    ['an extension that must be understood', () => ({ header: { crit: ['x'], x: 1 } })],
    ['the type of a DPoP proof', () => ({ header: { typ: 'dpop+jwt' } })],
    ['a member of its header twice', () => ({ headerText: doubling('"typ":"at+jwt"') })],
    ['its kid twice', () => ({ headerText: doubling('"kid":"RS256"') })],
    ['a claim twice', () => ({ claimsText: doubling('"aud":"https://elsewhere.example"') })],
    ['its exp twice', () => ({ claimsText: doubling('"exp":1') })],
    ['claims in a list', () => ({ claimsText: (json) => `[${json}]` })],
    ['a mark before its claims', () => ({ claimsText: (json) => `\uFEFF${json}` })],
    ['stray bits in its signature', () => ({ segments: (a, b, c) => joined(a, b, strayed(c)) })],
    ['padding', () => ({ segments: (...all) => `${joined(...all)}=` })],
    ['four segments', () => ({ segments: (...all) => `${joined(...all)}.` })],
    ['a signature in DER', () => ({ segments: (a, b) => joined(a, b, `MEUC${'A'.repeat(92)}`) })],
    ['an exp of nothing', () => ({ claims: { exp: null } })],
    ['an exp without end', () => ({ claims: { exp: 1e300 } })],
    ['an nbf that is text', () => ({ claims: { nbf: '0' } })],
    ['an iat of nothing', () => ({ claims: { iat: null } })],
    ['an aud of nothing', () => ({ claims: { aud: [] } })],
    ['an aud that is a number', () => ({ claims: { aud: [7] } })],
    ['a sub in a list', () => ({ claims: { sub: [CLIENT] } })],
    ['no exp', () => ({ claims: { exp: undefined } })],
    ['an exp that is over', () => ({ claims: { exp: seconds(-1) } })],
    ['a life beyond the cap', () => ({ claims: { exp: seconds(340) } })],
    ['an exp that is text', () => ({ claims: { exp: String(seconds(60)) } })],
    ['a future iat', () => ({ claims: { iat: seconds(200) } })],
    ['a future nbf', () => ({ claims: { nbf: seconds(200) } })],
    ['no jti', () => ({ claims: { jti: undefined } })],
    ['an empty jti', () => ({ claims: { jti: '' } })],
    ['a jti that is a number', () => ({ claims: { jti: 7 } })],
    ['no iss', () => ({ claims: { iss: undefined } })],
    ['another iss', () => ({ claims: { iss: MACHINE.id } })],
    ['another sub', () => ({ claims: { sub: MACHINE.id } })],
    ['a sub that no client has', () => ({ claims: { sub: 'cli_unknown', iss: 'cli_unknown' } })],
    ['no aud', () => ({ claims: { aud: undefined } })],
    ['another aud', () => ({ claims: { aud: 'https://elsewhere.example' } })],
    ['our aud with a slash', () => ({ claims: { aud: `${system.auth.url}/` } })],
    [
      'another server beside us',
      () => ({ claims: { aud: [system.auth.url, 'https://elsewhere.example'] } }),
    ],
  ])('with %s does not', async (_, variant) => {
    const refusal = wholeOf(await ask('a.b.c'));
    expect(refusal).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(refusal).toHaveProperty('headers.www-authenticate', expect.stringMatching(/^Basic /));
    expect(wholeOf(await ask(await assertion(variant())))).toEqual(refusal);
  });

  it('is not one without its signature, or with an algorithm of the sender', async () => {
    const [header, payload] = (await assertion()).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const shared = await new SignJWT({ iss: CLIENT, sub: CLIENT, aud: system.auth.url, jti: 'x' })
      .setProtectedHeader({ alg: 'HS256', kid: 'ES256' })
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(JSON.stringify(keys.ES256.jwk)));
    for (const text of [
      `${header}.${payload}.`,
      `${none}.${payload}.`,
      shared,
      'x',
      'a.b.c',
      `${header}.${payload}.${'A'.repeat(86)}`,
      'x'.repeat(10_000),
    ]) {
      const { status, body } = await ask(text);
      expect([status, body.error]).toEqual([401, 'invalid_client']);
    }
  });

  it('comes alone, with its type, and once', async () => {
    const named = await ask(await assertion(), { client_id: MACHINE.id });
    expect([named.status, named.body.error]).toEqual([400, 'invalid_request']);
    const untyped = await system.auth.call('POST', '/oauth2/token', {
      form: { grant_type: 'client_credentials', client_assertion: await assertion() },
    });
    expect([untyped.status, untyped.body.error]).toEqual([400, 'invalid_request']);
    const typed = await ask(await assertion(), { client_assertion_type: 'urn:other' });
    expect([typed.status, typed.body.error]).toEqual([401, 'invalid_client']);
    const twice = await system.auth.call('POST', '/oauth2/token', {
      form: {
        grant_type: 'client_credentials',
        client_assertion_type: TYPE,
        client_assertion: await assertion(),
      },
      headers: basic(MACHINE.id, MACHINE.secret),
    });
    expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request']);
    const secret = await ask(await assertion(), { client_secret: MACHINE.secret });
    expect([secret.status, secret.body.error]).toEqual([400, 'invalid_request']);
    const one = await assertion();
    const repeated =
      `grant_type=client_credentials&client_assertion_type=${encodeURIComponent(TYPE)}` +
      `&client_assertion=${one}&client_assertion=${one}`;
    const doubled = await system.auth.call('POST', '/oauth2/token', { form: repeated });
    expect([doubled.status, doubled.body.error]).toEqual([400, 'invalid_request']);
  });

  it('is good for one of 50 calls at once, over instances', async () => {
    const one = await assertion();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ask(one, {}, system.instances[i % 2])),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(49);
    // And another client's own may have the same id.
    const jti = crypto.randomUUID();
    expect((await ask(await assertion({ claims: { jti } }))).status).toBe(200);
    expect((await ask(await assertion({ claims: { jti } }))).status).toBe(401);
    const namesake = 'cli_namesake' as ClientId;
    await register([keys.ES256.jwk], namesake);
    const others = { jti, iss: namesake, sub: namesake };
    expect((await ask(await assertion({ claims: others }))).status).toBe(200);
  });

  it('leaves nothing behind once it would be refused for its age', async () => {
    await system.sql`update used_proofs set expires_at = now() - interval '1 second'`;
    const [{ n: before } = { n: '0' }] = await system.sql`select count(*) n from used_proofs`;
    expect(Number(before)).toBeGreaterThan(8);
    for (let i = 0; i < 3; i += 1) expect((await ask(await assertion())).status).toBe(200);
    const [{ n: after } = { n: '0' }] = await system.sql`
      select count(*) n from used_proofs where expires_at < now()`;
    expect(Number(after)).toBe(Number(before) - 12);
  });

  it('authorises introspection and revocation too', async () => {
    const token = (await ask(await assertion())).body.access_token;
    const call = async (path: string) =>
      await system.auth.call('POST', path, {
        form: { token, client_assertion_type: TYPE, client_assertion: await assertion() },
      });
    expect((await call('/oauth2/introspect')).body).toMatchObject({ active: true, sub: CLIENT });
    expect((await call('/oauth2/revoke')).status).toBe(200);
    expect((await call('/oauth2/introspect')).body).toEqual({ active: false });
  });
});

/** Another spelling of the same 64 bytes, which leave four low bits of the last character unused. */
function strayed(signature: string): string {
  const last = signature.codePointAt(signature.length - 1) ?? 0;
  return signature.slice(0, -1) + String.fromCodePoint(last + 1);
}

describe('a key that stands in a row, and would not be taken any more,', () => {
  const id = 'cli_former' as ClientId;
  const own = { iss: id, sub: id };
  const keep = async (...stored: object[]): Promise<void> => {
    await system.sql`
      update clients set jwks = ${JSON.stringify({ keys: stored })}::jsonb where id = ${id}`;
  };
  const statusOf = async (text: string): Promise<number> => (await ask(text)).status;

  it('proves nothing, and takes none of those beside it along', async () => {
    await register([keys.ES256.jwk], id);
    const neutral = Buffer.alloc(32);
    neutral[0] = 1;
    await keep(
      { ...(await exportJWK(keys.next.privateKey)), kid: 'next' },
      { kty: 'oct', k: encoded('a secret that both sides have'), kid: 'oct' },
      keys.small.jwk,
      { kty: 'OKP', crv: 'Ed25519', x: encoded(neutral), kid: 'neutral' },
      { ...keys.RS256.jwk, use: 'enc' },
      { ...keys.Ed25519.jwk, kid: 'ops', key_ops: ['verify', 'verify'] },
      keys.ES256.jwk,
    );
    expect(await statusOf(await assertion({ alg: 'next', claims: own }))).toBe(401);
    expect(await statusOf(await assertion({ alg: 'RS256', claims: own }))).toBe(401);
    const shared = await new SignJWT({ ...own, aud: system.auth.url, jti: 'x' })
      .setProtectedHeader({ alg: 'HS256', kid: 'oct' })
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode('a secret that both sides have'));
    expect(await statusOf(shared)).toBe(401);
    const header = { alg: 'RS256' };
    expect(await statusOf(await assertion({ alg: 'small', header, claims: own }))).toBe(401);
    const forged = await assertion({
      header: { alg: 'EdDSA', kid: 'neutral' },
      claims: own,
      segments: (a, b) => joined(a, b, encoded(Buffer.concat([neutral, Buffer.alloc(32)]))),
    });
    expect(await statusOf(forged)).toBe(401);
    const ops = { header: { kid: 'ops' }, claims: own };
    expect(await statusOf(await assertion({ alg: 'Ed25519', ...ops }))).toBe(200);
    expect(await statusOf(await assertion({ claims: own }))).toBe(200);
  });

  it('is read anew as soon as the row says something else', async () => {
    await keep(keys.ES256.jwk);
    expect(await statusOf(await assertion({ claims: own }))).toBe(200);
    // The same name, another key.
    await keep({ ...keys.next.jwk, kid: 'ES256' });
    expect(await statusOf(await assertion({ claims: own }))).toBe(401);
    const header = { kid: 'ES256' };
    expect(await statusOf(await assertion({ alg: 'next', header, claims: own }))).toBe(200);
    await keep(keys.ES256.jwk);
    expect(await statusOf(await assertion({ alg: 'next', header, claims: own }))).toBe(401);
    expect(await statusOf(await assertion({ claims: own }))).toBe(200);
  });
});

describe('a registered key', () => {
  it('may be joined by another without a loss, and takes its tokens when it goes', async () => {
    const id = 'cli_rotating' as ClientId;
    const own = { iss: id, sub: id };
    expect(await register([keys.ES256.jwk], id)).toBe('created');
    expect(await register([keys.ES256.jwk], id)).toBe('unchanged');
    const { body } = await ask(await assertion({ claims: own }));
    const introspect = async () => {
      const form = { token: body.access_token };
      const headers = basic('cli_rotating', 'x');
      expect((await system.auth.call('POST', '/oauth2/introspect', { form, headers })).status).toBe(
        401,
      );
      const proof = { client_assertion_type: TYPE, client_assertion: await assertion() };
      return (await system.auth.call('POST', '/oauth2/introspect', { form: { ...form, ...proof } }))
        .body.active;
    };
    expect(await register([keys.ES256.jwk, keys.next.jwk], id)).toBe('changed');
    expect(await introspect()).toBe(true);
    expect(await register([keys.next.jwk], id)).toBe('changed');
    expect(await introspect()).toBe(false);
    expect((await ask(await assertion({ claims: own }))).status).toBe(401);
    expect((await ask(await assertion({ alg: 'next', claims: own }))).status).toBe(200);
  });

  it('is public, strong, and named', async () => {
    const secret = { ...(await exportJWK(keys.ES256.privateKey)), kid: 'private' };
    const weak = { kty: 'RSA', n: Buffer.alloc(128, 0xff).toString('base64url'), e: 'AQAB' };
    for (const jwk of [
      secret,
      { ...weak, kid: 'weak' },
      { ...keys.ES256.jwk, kid: undefined },
      { ...keys.ES256.jwk, use: 'enc' },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'shared' },
    ]) {
      expect(() => readClientKeys({ keys: [JSON.parse(JSON.stringify(jwk))] })).toThrow();
    }
    expect(() => readClientKeys({ keys: [keys.ES256.jwk, keys.ES256.jwk] })).toThrow(
      'kid of another',
    );
    expect(readClientKeys({ keys: [keys.RS256.jwk] }).set.keys).toHaveLength(1);
  });
});

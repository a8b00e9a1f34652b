/** `private_key_jwt` (RFC 7523 section 3), from the registration of a key to the refusal of a replay. */
import type { ClientId } from '@portcullis/contracts';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readClientKeys } from '../../src/client/client-keys.ts';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { basic, MACHINE, startAuthSystem, type Answer, type AuthSystem } from '../auth-system.ts';

const CLIENT = 'cli_signer' as ClientId;
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
let system: AuthSystem;
let keys: Record<'ES256' | 'RS256' | 'Ed25519' | 'next', Pair>;

interface Pair {
  privateKey: CryptoKey;
  jwk: Record<string, unknown>;
}

async function pair(alg: string, kid = alg): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid } };
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
}

const seconds = (offset: number): number => Math.floor(Date.now() / 1_000) + offset;

async function assertion({ alg = 'ES256', header = {}, claims = {} }: Variant = {}) {
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
  for (const name of Object.keys(said)) if (said[name] === undefined) delete said[name];
  const named = { alg: alg === 'next' ? 'ES256' : alg, kid: jwk['kid'], ...header };
  return await new SignJWT(said)
    .setProtectedHeader(JSON.parse(JSON.stringify(named)))
    .sign(privateKey);
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
    ['the type of a DPoP proof', () => ({ header: { typ: 'dpop+jwt' } })],
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
    ['a sub that nobody has', () => ({ claims: { sub: 'cli_nobody', iss: 'cli_nobody' } })],
    ['no aud', () => ({ claims: { aud: undefined } })],
    ['another aud', () => ({ claims: { aud: 'https://elsewhere.example' } })],
    ['our aud with a slash', () => ({ claims: { aud: `${system.auth.url}/` } })],
    [
      'another server beside us',
      () => ({ claims: { aud: [system.auth.url, 'https://elsewhere.example'] } }),
    ],
  ])('with %s does not', async (_, variant) => {
    const { status, headers, body } = await ask(await assertion(variant()));
    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect(headers.get('www-authenticate')).toMatch(/^Basic /);
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

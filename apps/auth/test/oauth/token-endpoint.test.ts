/** The token endpoint, case by case against RFC 6749 section 5.2. */
import type { ClientId } from '@portcullis/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import {
  basic,
  MACHINE,
  partOf,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
  type CallOptions,
} from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const ask = (options: CallOptions) => auth.call('POST', '/oauth2/token', options);
const claimsOf = (token: string) => partOf(token, 1);
const credentials = basic(MACHINE.id, MACHINE.secret);
const form = { grant_type: 'client_credentials' };

describe('client_credentials', () => {
  it('gives a token of the client, with its scope', async () => {
    const { status, headers, body } = await ask({ form, headers: credentials });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('pragma')).toBe('no-cache');
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    // RFC 6749 section 4.4.3.
    expect(body).not.toHaveProperty('refresh_token');
    const claims = claimsOf(body.access_token);
    expect(claims).toMatchObject({
      sub: MACHINE.id,
      client_id: MACHINE.id,
      aud: ['urn:portcullis:auth'],
      gen: 0,
      cgen: 0,
      igen: 0,
      scope: body.scope,
    });
    expect(claims).not.toHaveProperty('sid');
    expect(claims).not.toHaveProperty('roles');
    expect(body.scope.split(' ')).toContain('users:write');
  });

  it('narrows the scope and never widens it', async () => {
    const narrowed = await ask({ form: { ...form, scope: 'users:read' }, headers: credentials });
    expect(narrowed.body.scope).toBe('users:read');
    const token = narrowed.body.access_token;
    const input = {
      user_id: 'usr_00000000000000000000000000',
      actor: 'usr_00000000000000000000000000',
    };
    const refused = await auth.machine('accounts.disable', input, token);
    expect([refused.status, refused.body.code]).toEqual([403, 'insufficient_scope']);
    for (const scope of ['users:read users:own', 'admin', 'users:read  users:write', 'a"b']) {
      const { status, body } = await ask({ form: { ...form, scope }, headers: credentials });
      expect([scope, status, body.error]).toEqual([scope, 400, 'invalid_scope']);
    }
  });

  it.each<[string, CallOptions, number, string]>([
    ['no credentials', { form }, 401, 'invalid_client'],
    ['a wrong secret', { form, headers: basic(MACHINE.id, 'x'.repeat(32)) }, 401, 'invalid_client'],
    [
      'no such client',
      { form, headers: basic('cli_nobody', MACHINE.secret) },
      401,
      'invalid_client',
    ],
    [
      'a client without a secret',
      { form, headers: basic('cli_first-party', '') },
      401,
      'invalid_client',
    ],
    ['a bearer token', { form, headers: { authorization: 'Bearer abc' } }, 401, 'invalid_client'],
    [
      'credentials that are no base64',
      { form, headers: { authorization: 'Basic %%' } },
      401,
      'invalid_client',
    ],
    [
      'credentials in the body',
      { form: { ...form, client_id: MACHINE.id, client_secret: MACHINE.secret } },
      401,
      'invalid_client',
    ],
    [
      'credentials in the body and in the header',
      { form: { ...form, client_secret: MACHINE.secret }, headers: credentials },
      400,
      'invalid_request',
    ],
    [
      'another client in the body',
      { form: { ...form, client_id: 'cli_admin' }, headers: credentials },
      400,
      'invalid_request',
    ],
    [
      'no grant type',
      { form: { scope: 'users:read' }, headers: credentials },
      400,
      'invalid_request',
    ],
    [
      'an empty grant type',
      { form: { grant_type: '' }, headers: credentials },
      400,
      'invalid_request',
    ],
    [
      'the password grant',
      { form: { grant_type: 'password', username: 'a', password: 'b' }, headers: credentials },
      400,
      'unsupported_grant_type',
    ],
    [
      'a code grant without a code',
      { form: { grant_type: 'authorization_code' }, headers: credentials },
      400,
      'invalid_request',
    ],
    [
      'a grant of a prototype',
      { form: { grant_type: '__proto__' }, headers: credentials },
      400,
      'unsupported_grant_type',
    ],
    [
      'a parameter given twice',
      {
        form: 'grant_type=client_credentials&scope=users:read&scope=users:write',
        headers: credentials,
      },
      400,
      'invalid_request',
    ],
    ['JSON', { body: form, headers: credentials }, 400, 'invalid_request'],
    ['nothing', { headers: credentials }, 400, 'invalid_request'],
    [
      'a body over the bound',
      { form: { ...form, scope: 'x'.repeat(100_000) }, headers: credentials },
      400,
      'invalid_request',
    ],
  ])('refuses %s', async (_name, options, status, error) => {
    const answer = await ask(options);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  });

  it.each(['GET', 'PUT', 'DELETE'])('is not answered to %s', async (method) => {
    const { status } = await auth.call(method, '/oauth2/token?grant_type=client_credentials', {
      headers: credentials,
    });
    expect([404, 405]).toContain(status);
  });

  it('ends with the client: another secret kills its tokens', async () => {
    const { body } = await ask({ form, headers: credentials });
    await system.sql`update clients set generation = generation + 1 where id = ${MACHINE.id}`;
    const dead = await auth.machine('accounts.list', {}, body.access_token);
    expect(dead.status).not.toBe(200);
    const { body: next } = await ask({ form, headers: credentials });
    const list = await auth.call('GET', '/trpc/accounts.list?input=%7B%7D', {
      token: next.access_token,
    });
    expect(list.status).toBe(200);
    const old = await auth.call('GET', '/trpc/accounts.list?input=%7B%7D', {
      token: body.access_token,
    });
    expect(old.status).toBe(401);
  });
});

describe('refresh_token', () => {
  it('rotates like /v1/refresh', async () => {
    const user = await auth.newcomer();
    const grant = { grant_type: 'refresh_token', refresh_token: user.refresh_token };
    const { status, body } = await ask({ form: grant });
    expect(status).toBe(200);
    expect(await auth.accepts(body.access_token)).toBe(true);
    expect((await auth.refresh(body.refresh_token)).status).toBe(200);
  });

  it.each<[string, Record<string, string>, Record<string, string>, number, string]>([
    ['no token', {}, {}, 400, 'invalid_request'],
    [
      'an invented token',
      { refresh_token: `prt_${'0'.repeat(26)}${'A'.repeat(64)}` },
      {},
      400,
      'invalid_grant',
    ],
    ['an unknown client', { client_id: 'cli_other' }, {}, 401, 'invalid_client'],
    ['a machine by its name', { client_id: MACHINE.id }, {}, 401, 'invalid_client'],
    ['another client with its credentials', {}, credentials, 400, 'invalid_grant'],
    ['a wrong secret', {}, basic(MACHINE.id, 'x'.repeat(32)), 401, 'invalid_client'],
    ['more scope', { scope: 'users:write' }, {}, 400, 'invalid_scope'],
  ])('refuses %s, and the session lives on', async (name, more, headers, status, error) => {
    const user = await auth.newcomer();
    const own = name === 'no token' ? {} : { refresh_token: user.refresh_token };
    const grant = { grant_type: 'refresh_token', ...own, ...more };
    const answer = await ask({ form: grant, headers });
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect((await auth.refresh(user.refresh_token)).status).toBe(200);
  });
});

describe('the metadata (RFC 8414)', () => {
  it('names what exists', async () => {
    const { status, headers, body } = await auth.call(
      'GET',
      '/.well-known/oauth-authorization-server',
    );
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('public, max-age=60');
    expect(body).toMatchObject({
      issuer: auth.url,
      token_endpoint: `${auth.url}/oauth2/token`,
      revocation_endpoint: `${auth.url}/oauth2/revoke`,
      introspection_endpoint: `${auth.url}/oauth2/introspect`,
      jwks_uri: `${auth.url}/.well-known/jwks.json`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt', 'none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
    });
  });

  it('is true: every endpoint that it names answers', async () => {
    const { body } = await auth.call('GET', '/.well-known/oauth-authorization-server');
    const named = Object.entries<unknown>(body).filter(([, value]) =>
      String(value).startsWith('http'),
    );
    expect(named.length).toBeGreaterThan(5);
    for (const [name, address] of named) {
      const isPosted = name.endsWith('_endpoint') && name !== 'authorization_endpoint';
      const method = isPosted ? 'POST' : 'GET';
      const { status } = await fetch(String(address), { method });
      expect([name, status]).toEqual([
        name,
        name.endsWith('_endpoint') ? 400 : name === 'issuer' ? 404 : 200,
      ]);
    }
  });

  it('lets its keys be cached for no longer than a new one waits before it signs', async () => {
    const { headers, body } = await auth.call('GET', '/.well-known/jwks.json');
    expect(headers.get('cache-control')).toBe('public, max-age=5');
    expect(headers.get('content-type')).toMatch(/^application\/jwk-set\+json/);
    for (const key of body.keys)
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });
});

describe('resource (RFC 8707)', () => {
  const SHOP = { id: 'cli_shop', secret: 'a secret that is long enough for a machine' };
  const asShop = basic(SHOP.id, SHOP.secret);
  const audiences = ['urn:portcullis:auth', 'urn:portcullis:user'];

  beforeAll(async () => {
    await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
      await ensureClient(withChange, {
        id: 'cli_shop' as ClientId,
        name: 'shop',
        scopes: ['users:read'],
        audiences,
        secret: SHOP.secret,
      });
    });
  });

  it('narrows the audience of a machine, and the token is refused elsewhere', async () => {
    const whole = await ask({ form, headers: asShop });
    expect(claimsOf(whole.body.access_token)['aud']).toEqual(audiences);
    const one = await ask({ form: { ...form, resource: 'urn:portcullis:user' }, headers: asShop });
    expect(claimsOf(one.body.access_token)['aud']).toEqual(['urn:portcullis:user']);
    const list = async (token: string) =>
      (await auth.call('GET', '/trpc/accounts.list?input=%7B%7D', { token })).status;
    expect(await list(whole.body.access_token)).toBe(200);
    expect(await list(one.body.access_token)).toBe(401);
  });

  it('an audience in a refresh narrows that access token, and neither the session nor later ones', async () => {
    const user = await auth.newcomer();
    const grant = { grant_type: 'refresh_token', refresh_token: user.refresh_token };
    const one = await ask({ form: { ...grant, resource: 'urn:portcullis:user' } });
    expect(claimsOf(one.body.access_token)['aud']).toEqual(['urn:portcullis:user']);
    expect(await auth.accepts(one.body.access_token)).toBe(false);
    const { body: next } = await auth.refresh(one.body.refresh_token);
    expect(claimsOf(next.access_token)['aud']).toEqual(claimsOf(user.access_token)['aud']);
    expect(await auth.accepts(next.access_token)).toBe(true);
  });

  it.each([
    'urn:portcullis:admin',
    'urn:portcullis:use',
    'urn:portcullis:user#part',
    'URN:portcullis:user',
    'urn:portcullis:user urn:portcullis:auth',
    'x',
  ])('is refused for %s, which the client may not have', async (resource) => {
    const machine = await ask({ form: { ...form, resource }, headers: asShop });
    expect([machine.status, machine.body.error]).toEqual([400, 'invalid_target']);
    if (resource === 'urn:portcullis:admin') return; // which a user may have
    const user = await auth.newcomer();
    const grant = { grant_type: 'refresh_token', refresh_token: user.refresh_token };
    const answer = await ask({ form: { ...grant, resource } });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_target']);
    expect((await auth.refresh(user.refresh_token)).status).toBe(200);
  });

  it('is refused when it is given twice', async () => {
    const twice = audiences.map((one) => `resource=${one}`).join('&');
    const { status, body } = await ask({
      form: `grant_type=client_credentials&${twice}`,
      headers: asShop,
    });
    expect([status, body.error]).toEqual([400, 'invalid_target']);
  });
});

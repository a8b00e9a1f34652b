/** The token endpoint, case by case against RFC 6749 section 5.2. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
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
      'the code grant',
      { form: { grant_type: 'authorization_code' }, headers: credentials },
      400,
      'unsupported_grant_type',
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
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
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
    const person = await auth.newcomer();
    const grant = { grant_type: 'refresh_token', refresh_token: person.refresh_token };
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
    const person = await auth.newcomer();
    const own = name === 'no token' ? {} : { refresh_token: person.refresh_token };
    const grant = { grant_type: 'refresh_token', ...own, ...more };
    const answer = await ask({ form: grant, headers });
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect((await auth.refresh(person.refresh_token)).status).toBe(200);
  });
});

describe('the metadata', () => {
  it('names what exists', async () => {
    const { body } = await auth.call('GET', '/.well-known/oauth-authorization-server');
    expect(body.issuer).toBe(auth.url);
    expect(body.token_endpoint).toBe(`${auth.url}/oauth2/token`);
    expect(body.jwks_uri).toBe(`${auth.url}/.well-known/jwks.json`);
    expect(body.grant_types_supported).toEqual(['client_credentials', 'refresh_token']);
    expect(body).not.toHaveProperty('authorization_endpoint');
  });
});

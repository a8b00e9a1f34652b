/**
 * The endpoints as standard clients expect them: openid-client, oauth4webapi, curl and PyJWT, with no
 * line of ours between them and the running services.
 */
import { ensureMachineClient, startSystem, type TestSystem } from '@portcullis/testbed';
import { exportJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logIn, register, type Tokens } from './calls.ts';

const SECRET = 'a secret: with + and % and ü, of some length';
const SCOPE = 'tokens:introspect verifiers:read';
const FIRST_PARTY: oauth.Client = { client_id: 'cli_first-party' };
const AUDIENCES = ['urn:portcullis:auth', 'urn:portcullis:user'];
const insecure = { [oauth.allowInsecureRequests]: true };

let system: TestSystem;
let keys: CryptoKeyPair;
let server: oauth.AuthorizationServer;

beforeAll(async () => {
  system = await startSystem();
  keys = await oauth.generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one' };
  await ensureMachineClient(system.auth, {
    id: 'cli_basic',
    name: 'basic',
    scope: SCOPE,
    secret: SECRET,
    audience: AUDIENCES,
  });
  await ensureMachineClient(system.auth, {
    id: 'cli_keyed',
    name: 'keyed',
    scope: SCOPE,
    jwks: { keys: [jwk] },
    audience: AUDIENCES,
  });
  const issuer = new URL(system.auth.issuer);
  const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  server = await oauth.processDiscoveryResponse(issuer, answer);
}, 180_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

/** Statuses of the user and the admin service for a token. */
async function statuses(token: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${token}` };
  const [user, admin] = await Promise.all([
    fetch(`${system.user.url}/v1/me`, { headers }),
    fetch(`${system.admin.url}/v1/users`, { headers }),
  ]);
  return [user.status, admin.status];
}

/** A user whose profile has come to the user service. */
async function newcomer(): Promise<Tokens> {
  const tokens = await logIn(system.auth.url, await register(system.auth.url));
  await expect.poll(async () => (await statuses(tokens.access_token))[0]).toBe(200);
  return tokens;
}

describe('oauth4webapi', () => {
  const methods = (): [string, oauth.Client, oauth.ClientAuth][] => [
    ['client_secret_basic', { client_id: 'cli_basic' }, oauth.ClientSecretBasic(SECRET)],
    [
      'private_key_jwt',
      { client_id: 'cli_keyed' },
      oauth.PrivateKeyJwt({ key: keys.privateKey, kid: 'one' }),
    ],
  ];

  it.each([0, 1])('gets, introspects and revokes a token of a machine (%i)', async (index) => {
    const [method, client, auth] = methods()[index] ?? [];
    if (client === undefined || auth === undefined) throw new Error(`no method ${method}`);
    const grant = async (parameters: Record<string, string>) =>
      await oauth.processClientCredentialsResponse(
        server,
        client,
        await oauth.clientCredentialsGrantRequest(server, client, auth, parameters, insecure),
      );
    const introspect = async (token: string) =>
      await oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, auth, token, insecure),
      );
    const { access_token, token_type, scope } = await grant({});
    expect([token_type, scope]).toEqual(['bearer', SCOPE]);
    expect(await introspect(access_token)).toMatchObject({
      active: true,
      client_id: client.client_id,
      aud: AUDIENCES,
    });
    const narrow = await grant({ scope: 'verifiers:read', resource: 'urn:portcullis:user' });
    expect(await introspect(narrow.access_token)).toMatchObject({
      aud: ['urn:portcullis:user'],
      scope: 'verifiers:read',
    });
    await expect(grant({ resource: 'urn:portcullis:admin' })).rejects.toMatchObject({
      error: 'invalid_target',
    });
    await expect(grant({ scope: 'users:write' })).rejects.toMatchObject({ error: 'invalid_scope' });
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, auth, access_token, insecure),
    );
    expect(await introspect(access_token)).toEqual({ active: false });
  });

  it("revokes a user's access token, and both services refuse it from then on", async () => {
    const { access_token, refresh_token } = await newcomer();
    expect(await statuses(access_token)).toEqual([200, 403]);
    const answer = await oauth.revocationRequest(server, FIRST_PARTY, oauth.None(), access_token, {
      ...insecure,
      additionalParameters: { token_type_hint: 'access_token' },
    });
    // The receipt says what it promises; the client reads the status alone.
    const receipt = (await answer.clone().json()) as {
      confirmed: number;
      expected: number;
      enforced_by: string;
    };
    await oauth.processRevocationResponse(answer);
    expect(receipt.expected).toBe(2);
    if (receipt.confirmed < receipt.expected) {
      await expect.poll(() => Date.now() > Date.parse(receipt.enforced_by)).toBe(true);
    }
    expect(await statuses(access_token)).toEqual([401, 401]);
    // The session goes on, and the next token is taken.
    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      FIRST_PARTY,
      await oauth.refreshTokenGrantRequest(
        server,
        FIRST_PARTY,
        oauth.None(),
        refresh_token,
        insecure,
      ),
    );
    expect(await statuses(refreshed.access_token)).toEqual([200, 403]);
    // A token for the user service is refused by admin.
    const narrowed = await oauth.processRefreshTokenResponse(
      server,
      FIRST_PARTY,
      await oauth.refreshTokenGrantRequest(
        server,
        FIRST_PARTY,
        oauth.None(),
        refreshed.refresh_token ?? '',
        { ...insecure, additionalParameters: { resource: 'urn:portcullis:user' } },
      ),
    );
    expect(await statuses(narrowed.access_token)).toEqual([200, 401]);
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(
        server,
        FIRST_PARTY,
        oauth.None(),
        narrowed.refresh_token ?? '',
        insecure,
      ),
    );
    await expect.poll(() => statuses(narrowed.access_token)).toEqual([401, 401]);
  });

  it('binds the tokens of a user to a key, with nonces', async () => {
    const { refresh_token } = await newcomer();
    const DPoP = oauth.DPoP(FIRST_PARTY, await oauth.generateKeyPair('ES256'));
    const refresh = async (token: string) => {
      const once = async () =>
        await oauth.processRefreshTokenResponse(
          server,
          FIRST_PARTY,
          await oauth.refreshTokenGrantRequest(server, FIRST_PARTY, oauth.None(), token, {
            ...insecure,
            DPoP,
          }),
        );
      return await once().catch(async (error: unknown) => {
        if (!oauth.isDPoPNonceError(error)) throw error;
        return await once();
      });
    };
    const { access_token, token_type, refresh_token: next = '' } = await refresh(refresh_token);
    expect(token_type).toBe('dpop');
    const call = async (url: string, proved: boolean) =>
      await oauth.protectedResourceRequest(
        access_token,
        'GET',
        new URL(url),
        undefined,
        undefined,
        proved ? { ...insecure, DPoP } : insecure,
      );
    expect((await call(`${system.user.url}/v1/me`, true)).status).toBe(200);
    await expect(call(`${system.user.url}/v1/me`, false)).rejects.toMatchObject({ status: 401 });
    await expect(call(`${system.auth.url}/v1/sessions`, false)).rejects.toMatchObject({
      status: 401,
    });
    expect((await call(`${system.auth.url}/v1/sessions`, true)).status).toBe(200);
    const thief = await oauth.refreshTokenGrantRequest(
      server,
      FIRST_PARTY,
      oauth.None(),
      next,
      insecure,
    );
    expect(thief.status).toBe(400);
    expect((await refresh(next)).token_type).toBe('dpop');
  });
});

describe('openid-client', () => {
  const execute = [openid.allowInsecureRequests];
  const discover = async (id: string, auth: openid.ClientAuth) =>
    await openid.discovery(new URL(system.auth.issuer), id, undefined, auth, {
      algorithm: 'oauth2',
      execute,
    });

  it('does the same by both methods', async () => {
    for (const [id, auth] of [
      ['cli_basic', openid.ClientSecretBasic(SECRET)],
      ['cli_keyed', openid.PrivateKeyJwt({ key: keys.privateKey, kid: 'one' })],
    ] as const) {
      const config = await discover(id, auth);
      const { access_token } = await openid.clientCredentialsGrant(config, {
        scope: 'tokens:introspect',
      });
      expect(await openid.tokenIntrospection(config, access_token)).toMatchObject({
        active: true,
        scope: 'tokens:introspect',
      });
      await openid.tokenRevocation(config, access_token);
      expect(await openid.tokenIntrospection(config, access_token)).toEqual({ active: false });
    }
  });

  it('refreshes, binds, and finds its own way to a nonce', async () => {
    const config = await discover('cli_first-party', openid.None());
    const { refresh_token } = await newcomer();
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
    const tokens = await openid.refreshTokenGrant(config, refresh_token, undefined, { DPoP });
    expect(tokens.token_type).toBe('dpop');
    const me = new URL(`${system.user.url}/v1/me`);
    const answer = await openid.fetchProtectedResource(
      config,
      tokens.access_token,
      me,
      'GET',
      undefined,
      undefined,
      { DPoP },
    );
    expect(answer.status).toBe(200);
    await openid.tokenRevocation(config, tokens.access_token);
    const refused = openid.fetchProtectedResource(
      config,
      tokens.access_token,
      me,
      'GET',
      undefined,
      undefined,
      { DPoP },
    );
    await expect.poll(async () => await refused.catch(({ status }) => status)).toBe(401);
  });
});

describe('curl', () => {
  const curl = async (...words: string[]): Promise<string> =>
    (await promisify(execFile)('curl', ['-sS', ...words])).stdout;

  it('gets a token, calls, revokes, and is refused', async () => {
    const { issuer } = system.auth;
    const metadata = JSON.parse(await curl(`${issuer}/.well-known/oauth-authorization-server`));
    const { access_token, refresh_token } = await newcomer();
    const bearer = ['-H', `Authorization: Bearer ${access_token}`];
    const status = ['-o', '/dev/null', '-w', '%{http_code}'];
    expect(await curl(...status, ...bearer, `${system.user.url}/v1/me`)).toBe('200');
    const form = ['-d', 'client_id=cli_first-party', '--data-urlencode'];
    const receipt = JSON.parse(
      await curl(...form, `token=${refresh_token}`, `${metadata.revocation_endpoint}?wait=10000`),
    );
    expect(receipt).toMatchObject({ confirmed: 2, expected: 2 });
    for (const url of [`${system.user.url}/v1/me`, `${system.admin.url}/v1/users`]) {
      expect(await curl(...status, ...bearer, url)).toBe('401');
    }
    const machine = ['-u', `cli_basic:${encodeURIComponent(SECRET)}`];
    const granted = JSON.parse(
      await curl(...machine, '-d', 'grant_type=client_credentials', metadata.token_endpoint),
    );
    const told = await curl(
      ...machine,
      '-d',
      `token=${granted.access_token}`,
      metadata.introspection_endpoint,
    );
    expect(JSON.parse(told)).toMatchObject({ active: true, sub: 'cli_basic' });
  });
});

/** Debian's python3-jwt; where it is absent the test says so, as skipped. */
const python = await firstWithJwt(['/usr/bin/python3', 'python3']);

async function firstWithJwt(candidates: string[]): Promise<string | undefined> {
  for (const command of candidates) {
    try {
      await promisify(execFile)(command, ['-c', 'import jwt, cryptography; jwt.PyJWKClient']);
      return command;
    } catch {
      // The next one.
    }
  }
  return undefined;
}

describe('PyJWT', () => {
  const title = 'verifies a token from the key set, and calls with it';
  it.skipIf(python === undefined)(
    python === undefined ? `${title} (skipped: no python3-jwt here)` : title,
    async () => {
      const { access_token, refresh_token } = await newcomer();
      const verify = async (audience: string) =>
        await ask(python ?? '', access_token, [
          new URL('clients/verify-and-call.py', import.meta.url).pathname,
          system.auth.issuer,
          audience,
          `${system.user.url}/v1/me`,
        ]);
      expect(JSON.parse(await verify('urn:portcullis:user'))).toMatchObject({
        status: 200,
        claims: { iss: system.auth.issuer, client_id: 'cli_first-party' },
      });
      await expect(verify('urn:portcullis:other')).rejects.toThrow('InvalidAudienceError');
      const form = new URLSearchParams({ token: refresh_token, client_id: FIRST_PARTY.client_id });
      await fetch(`${system.auth.url}/oauth2/revoke?wait=10000`, { method: 'POST', body: form });
      // PyJWT alone cannot know; the service does.
      expect(JSON.parse(await verify('urn:portcullis:user'))).toMatchObject({ status: 401 });
    },
  );
});

/** @throws Error with what it said, when it ends badly */
async function ask(command: string, input: string, words: string[]): Promise<string> {
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.end(input);
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error(Buffer.concat(err).toString());
  return Buffer.concat(out).toString();
}

/** RFC 7662, and the policy `introspect` of a verifier end to end. */
import { newId, type ClientId } from '@portcullis/contracts';
import { createTestIssuer } from '@portcullis/testkit';
import { createVerifier, type RevocationFeed } from '@portcullis/verify';
import { httpGrants, httpIntrospection } from '@portcullis/verify/feeds/http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import {
  ADMIN,
  basic,
  MACHINE,
  partOf,
  PASSWORD,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';
import { ACR, CodeFactor, proceed } from '../login/code-factor.ts';

const SECRET = 'a secret that is long enough for a machine';
const S_MS = 1_000;
let factor: CodeFactor;
let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  factor = new CodeFactor();
  system = await startAuthSystem({
    factors: [factor],
    overrides: { PORTCULLIS_MAX_STALENESS_MS: String(S_MS) },
  });
  auth = system.auth;
  await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    await ensureClient(withChange, {
      id: 'cli_shop' as ClientId,
      name: 'shop',
      scopes: ['revocations:read', 'tokens:introspect'],
      audiences: ['urn:shop'],
      secret: SECRET,
    });
  });
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const introspect = async (
  form: Record<string, string>,
  headers: Record<string, string> = basic('cli_shop', SECRET),
) => await auth.call('POST', '/oauth2/introspect', { form, headers });

const stateOf = async (token: string) => (await introspect({ token })).body;

describe('introspection', () => {
  it('describes a token that holds', async () => {
    const { access_token: token } = await auth.newcomer();
    const { status, headers, body } = await introspect({ token, token_type_hint: 'anything' });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    const { iss, sub, aud, exp, iat, jti, client_id, auth_time } = partOf(token, 1);
    expect(auth_time).toBeGreaterThan(0);
    // The login was of no class.
    expect(body).toEqual({
      active: true,
      token_type: 'Bearer',
      iss,
      sub,
      aud,
      exp,
      iat,
      jti,
      client_id,
      auth_time,
    });
  });

  it('says of which class a login was, and when, in refreshed tokens too', async () => {
    const { email } = await auth.newcomer();
    const code = factor.enrol(await system.idOf(email));
    const login = await auth.call('POST', '/v1/login', { body: { email, password: PASSWORD } });
    const challenge: string = login.body.challenge.token;
    const { body: tokens } = await proceed(auth, { challenge, answer: code });
    const { auth_time } = partOf(tokens.access_token, 1);
    const said = { active: true, acr: ACR, auth_time };
    expect(await stateOf(tokens.access_token)).toMatchObject(said);
    const { body: refreshed } = await auth.refresh(tokens.refresh_token);
    expect(await stateOf(refreshed.access_token)).toMatchObject(said);
  });

  it("describes a client's token, whatever audience it is for", async () => {
    const { body } = await auth.call('POST', '/oauth2/token', {
      form: { grant_type: 'client_credentials' },
      headers: basic('cli_shop', SECRET),
    });
    expect(await stateOf(body.access_token)).toMatchObject({
      active: true,
      sub: 'cli_shop',
      aud: ['urn:shop'],
      scope: 'revocations:read tokens:introspect',
    });
    // A client has no login.
    expect(await stateOf(body.access_token)).not.toHaveProperty('auth_time');
  });

  it('says of everything else that it is not active, and no more', async () => {
    await using elsewhere = await createTestIssuer();
    const user = await auth.newcomer();
    const gone = await auth.newcomer();
    await auth.call('POST', '/v1/logout', { token: gone.access_token });
    const demoted = await auth.newcomer();
    const input = { actor: await system.idOf(ADMIN.email), roles: ['support'] };
    const user_id = await system.idOf(demoted.email);
    expect((await auth.machine('accounts.setRoles', { ...input, user_id })).status).toBe(200);
    for (const token of [
      user.refresh_token,
      gone.access_token,
      demoted.access_token,
      user.access_token.slice(0, -2),
      await elsewhere.mint({ iss: auth.url }),
      newId('tok'),
      'x',
    ]) {
      expect(await stateOf(token)).toEqual({ active: false });
    }
    expect((await stateOf(user.access_token)).active).toBe(true);
  });

  it.each([
    ['no client', { token: 'x' }, {}, 401, 'invalid_client'],
    ['a wrong secret', { token: 'x' }, basic('cli_shop', 'x'.repeat(40)), 401, 'invalid_client'],
    ['no scope', { token: 'x' }, basic(MACHINE.id, MACHINE.secret), 403, 'insufficient_scope'],
    ['no token', { hint: 'x' }, undefined, 400, 'invalid_request'],
  ])('refuses %s', async (_, form, headers, status, error) => {
    const answer = await introspect(form, headers);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('is in the metadata and in the document', async () => {
    const { body } = await auth.call('GET', '/.well-known/oauth-authorization-server');
    expect(body.introspection_endpoint).toBe(`${auth.url}/oauth2/introspect`);
    expect((await auth.call('GET', '/openapi.json')).body.paths).toHaveProperty(
      '/oauth2/introspect',
    );
  });
});

it('lets a stale verifier with that policy go on, and learn of a logout', async () => {
  const options = { authUrl: auth.url, clientId: 'cli_shop', clientSecret: SECRET };
  const grants = httpGrants(options);
  let cut = false;
  const feed: RevocationFeed = {
    open: async () => {},
    request: async (request, timeoutMs) => {
      if (cut) throw new Error('cut');
      return await grants.request(request, timeoutMs);
    },
    acknowledge: () => {},
    deregister: async () => {},
    close: async () => {},
  };
  await using verifier = await createVerifier({
    issuer: auth.url,
    audience: 'urn:portcullis:user',
    service: 'shop',
    feed,
    whenStale: { policy: 'introspect', introspect: httpIntrospection(options) },
  });
  await verifier.ready();
  const user = await auth.newcomer();
  const verify = async () => await verifier.verifyWithAssurance(user.access_token);
  expect((await verify()).assurance).toBe('fresh');
  cut = true;
  await expect.poll(() => verifier.state, { timeout: 5_000 }).toBe('STALE');
  expect((await verify()).assurance).toBe('introspected');
  await auth.call('POST', '/v1/logout?wait=0', { token: user.access_token });
  await expect(verify()).rejects.toMatchObject({ code: 'invalid_token' });
  // A stricter procedure does not ask.
  const other = await auth.newcomer();
  const strictly = verifier.verify(other.access_token, { whenStale: 'reject' });
  await expect(strictly).rejects.toMatchObject({ code: 'verifier_stale' });
});

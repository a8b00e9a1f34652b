/** Who may do what, as whom it is done, and whose fault a failure is. */
import { newId, Refusal, type Role } from '@portcullis/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAdminService } from './admin-service.ts';
import { CREDENTIALS, startAuthStandIn } from './auth-stand-in.ts';

let around: Awaited<ReturnType<typeof startAdminService>>;
beforeAll(async () => {
  around = await startAdminService();
});
afterAll(() => around.bed.dispose());
beforeEach(() => {
  around.auth.asked.length = 0;
  around.auth.faults.tokens = 'good';
  delete around.auth.faults.refuse;
});

const administrator = newId('usr');
const userId = newId('usr');

async function call(
  method: string,
  path: string,
  { roles = ['admin'], body }: { roles?: Role[]; body?: unknown } = {},
) {
  const token = await around.issuer.mint({ sub: administrator, roles });
  const response = await fetch(`${around.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'x-request-id': 'req_of_the_test',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, answer: await response.json(), headers: response.headers };
}

const user = `/v1/users/${userId}`;
const actor = administrator;
const kid = newId('key');

describe('each operation', () => {
  it.each([
    [
      'GET',
      '/v1/users?query=ada&limit=5&status=active&role=admin',
      undefined,
      'accounts.list',
      { query: 'ada', limit: 5, status: 'active', role: 'admin' },
    ],
    ['GET', user, undefined, 'accounts.get', { user_id: userId }],
    [
      'POST',
      `${user}/disable?wait=0`,
      undefined,
      'accounts.disable',
      { user_id: userId, wait: 0, actor },
    ],
    ['POST', `${user}/enable`, undefined, 'accounts.enable', { user_id: userId, actor }],
    [
      'DELETE',
      `${user}?wait=10`,
      undefined,
      'accounts.remove',
      { user_id: userId, wait: 10, actor },
    ],
    [
      'PUT',
      `${user}/roles`,
      { roles: ['support'] },
      'accounts.setRoles',
      { user_id: userId, roles: ['support'], wait: 250, actor },
    ],
    ['POST', `${user}/logout`, {}, 'accounts.logout', { user_id: userId, wait: 250, actor }],
    [
      'POST',
      `${user}/logout?wait=0`,
      { client_id: 'cli_shop' },
      'accounts.logout',
      { user_id: userId, client_id: 'cli_shop', wait: 0, actor },
    ],
    ['GET', '/v1/verifiers', undefined, 'verifiers.list', undefined],
    ['POST', '/v1/keys/rotate', undefined, 'keys.rotate', { actor }],
    ['DELETE', `/v1/keys/${kid}`, undefined, 'keys.kill', { kid, wait: 250, actor }],
    [
      'GET',
      '/v1/audit?actor=usr_x&limit=5&cursor=9',
      undefined,
      'audit.list',
      { actor: 'usr_x', limit: 5, cursor: 9 },
    ],
    ['GET', '/v1/clients', undefined, 'clients.list', { limit: 50 }],
    [
      'POST',
      '/v1/clients/cli_shop/rotate?wait=0',
      { overlap_seconds: 60 },
      'clients.rotate',
      { client_id: 'cli_shop', overlap_seconds: 60, wait: 0, actor },
    ],
    [
      'DELETE',
      '/v1/clients/cli_shop',
      undefined,
      'clients.disable',
      { client_id: 'cli_shop', wait: 250, actor },
    ],
  ])(
    '%s %s is done in the name of the administrator, under one request id',
    async (method, path, body, asked, input) => {
      expect(await call(method, path, { body })).toMatchObject({ status: 200 });
      expect(around.auth.asked).toEqual([{ path: asked, input, requestId: 'req_of_the_test' }]);
    },
  );

  it.each([
    { client_id: 'shop' },
    { client_id: null },
    { client_id: ['cli_shop'] },
    { client_id: 'cli_shop/usr_1' },
    { client_ids: ['cli_shop'] },
  ])('a logout of %j is refused here, and is no logout of everything', async (body) => {
    const refused = await call('POST', `${user}/logout`, { body });
    expect(refused).toMatchObject({ status: 400, answer: { code: 'invalid_request' } });
    expect(around.auth.asked).toEqual([]);
  });

  it('makes a machine client: 201, with the secret that is shown this once', async () => {
    const body = { id: 'cli_shop', name: 'shop', scopes: ['users:read'], audiences: ['urn:x'] };
    const answer = await call('POST', '/v1/clients', { body });
    expect(answer).toMatchObject({ status: 201, answer: { client_secret: 'shown once' } });
    expect(around.auth.asked).toMatchObject([
      { path: 'clients.create', input: { ...body, actor } },
    ]);
  });

  it.each<[string, string, Role[], number]>([
    ['GET', user, [], 403],
    ['GET', user, ['support'], 200],
    ['POST', `${user}/disable`, ['support'], 403],
    ['POST', `${user}/logout`, ['support'], 200],
    ['DELETE', user, ['support'], 403],
    ['POST', '/v1/keys/rotate', ['support'], 403],
    ['GET', '/v1/audit', ['support'], 403],
    ['GET', '/v1/audit', ['admin'], 200],
    ['GET', '/v1/clients', ['support'], 403],
    ['DELETE', '/v1/clients/cli_shop', ['support'], 403],
  ])('%s %s with the roles %s → %i', async (method, path, roles, status) => {
    expect(await call(method, path, { roles })).toMatchObject({ status });
    expect(around.auth.asked).toHaveLength(status === 200 ? 1 : 0);
  });

  it('takes no machine, and no token of another audience', async () => {
    for (const token of [
      await around.issuer.mintMachine({ scope: 'users:read' }),
      await around.issuer.mint({ roles: ['admin'], aud: 'urn:portcullis:user' }),
    ]) {
      const response = await fetch(`${around.url}/v1/users`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect([401, 403]).toContain(response.status);
    }
    expect(around.auth.asked).toEqual([]);
  });
});

describe('a failure of the auth service', () => {
  it.each([
    ['not_found', 404],
    ['last_administrator', 409],
    ['conflict', 409],
    ['rate_limited', 429],
    ['unavailable', 503],
    ['overloaded', 503],
  ] as const)('%s reaches the administrator as it is', async (code, status) => {
    around.auth.faults.refuse = new Refusal(code, { retryAfter: 9 });
    const refused = await call('POST', `${user}/disable`);
    expect(refused).toMatchObject({ status, answer: { code, request_id: 'req_of_the_test' } });
  });

  it('says what it conflicts with', async () => {
    const issues = [{ path: 'client_id', message: 'the service shop runs a release of before' }];
    around.auth.faults.refuse = new Refusal('conflict', { issues });
    const refused = await call('POST', `${user}/logout`, { body: { client_id: 'cli_shop' } });
    expect(refused).toMatchObject({ status: 409, answer: { code: 'conflict', issues } });
  });

  it.each(['invalid_token', 'insufficient_scope', 'internal'] as const)(
    '%s there is not the fault of the administrator',
    async (code) => {
      around.auth.faults.refuse = new Refusal(code);
      const refused = await call('GET', user);
      expect(refused).toMatchObject({ status: 503, answer: { code: 'unavailable' } });
      expect(refused.headers.get('www-authenticate')).toBeNull();
      expect(refused.headers.get('retry-after')).toBe('1');
    },
  );

  it('answers 403 when the administrator has lost the permission, and not 503', async () => {
    around.auth.faults.refuse = new Refusal('actor_refused');
    const refused = await call('POST', `${user}/disable`);
    expect(refused).toMatchObject({ status: 403, answer: { code: 'insufficient_scope' } });
    expect(refused.headers.get('retry-after')).toBeNull();
  });

  it('an unavailable auth is answered 503, and recovers without a restart', async () => {
    const other = await startAuthStandIn();
    await other.stop();
    const { refusalOfAuth } = await import('../src/auth-service.ts');
    const { createMachineClient } = await import('@portcullis/client');
    const client = createMachineClient({ authUrl: other.url, ...CREDENTIALS });
    const error: unknown = await client.verifiers.list.query().catch((thrown: unknown) => thrown);
    expect(refusalOfAuth(error).code).toBe('unavailable');
    expect(await call('GET', user)).toMatchObject({ status: 200 });
  });
});

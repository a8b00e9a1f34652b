/** Who may do what, as whom it is done, and whose fault a failure is. */
import { grantRequest, newId, Refusal, subjectsOf, type Role } from '@portcullis/contracts';
import { connectBus, createLogger, Disposal } from '@portcullis/service';
import { createTestBed, createTestIssuer, freePort } from '@portcullis/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { compose } from '../src/compose.ts';
import { CREDENTIALS, startAuthStandIn } from './auth-stand-in.ts';

const AUDIENCE = 'urn:portcullis:admin';

async function start() {
  const bed = await createTestBed();
  const issuer = bed.use(await createTestIssuer({ audience: AUDIENCE }));
  const auth = bed.use(await startAuthStandIn());
  const logger = createLogger({ service: 'test', level: 'silent' });
  const bus = bed.use(
    await connectBus({ url: bed.natsUrl, name: 'issuer', prefix: bed.prefix, logger }),
  );
  const feed = issuer.revocations.feed();
  bus.connection.subscribe(subjectsOf(bed.prefix).grants, {
    callback: (_error, message) => {
      const request = grantRequest.parse(message.json());
      void feed.request(request, 1_000).then((reply) => message.respond(reply));
    },
  });
  const owned = bed.use(new Disposal());
  const port = await freePort();
  await compose(
    {
      production: false,
      host: '127.0.0.1',
      port,
      logLevel: 'silent',
      trustedProxies: [],
      natsUrl: bed.natsUrl,
      prefix: bed.prefix,
      issuer: issuer.issuer,
      audience: AUDIENCE,
      authUrl: auth.url,
      client: CREDENTIALS,
    },
    owned,
  );
  const url = `http://127.0.0.1:${port}`;
  await vi.waitUntil(async () => (await fetch(`${url}/readyz`)).ok, { timeout: 10_000 });
  return { bed, issuer, auth, url };
}

let around: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  around = await start();
});
afterAll(() => around.bed.dispose());
beforeEach(() => {
  around.auth.asked.length = 0;
  around.auth.faults.tokens = 'good';
  delete around.auth.faults.refuse;
});

const administrator = newId('usr');
const somebody = newId('usr');

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

const user = `/v1/users/${somebody}`;
const actor = administrator;
const kid = newId('key');

describe('each operation', () => {
  it.each([
    [
      'GET',
      '/v1/users?query=ada&limit=5&status=active&role=admin',
      undefined,
      'list',
      { query: 'ada', limit: 5, status: 'active', role: 'admin' },
    ],
    ['GET', user, undefined, 'get', { user_id: somebody }],
    ['POST', `${user}/disable?wait=0`, undefined, 'disable', { user_id: somebody, wait: 0, actor }],
    ['POST', `${user}/enable`, undefined, 'enable', { user_id: somebody, actor }],
    ['DELETE', `${user}?wait=10`, undefined, 'remove', { user_id: somebody, wait: 10, actor }],
    [
      'PUT',
      `${user}/roles`,
      { roles: ['support'] },
      'setRoles',
      { user_id: somebody, roles: ['support'], wait: 250, actor },
    ],
    ['POST', `${user}/logout`, {}, 'logOut', { user_id: somebody, wait: 250, actor }],
    ['GET', '/v1/verifiers', undefined, 'listVerifiers', undefined],
    ['POST', '/v1/keys/rotate', undefined, 'rotateKey', { actor }],
    ['DELETE', `/v1/keys/${kid}`, undefined, 'killKey', { kid, wait: 250, actor }],
  ])(
    '%s %s is done in the name of the administrator, under one request id',
    async (method, path, body, verb, input) => {
      expect(await call(method, path, { body })).toMatchObject({ status: 200 });
      expect(around.auth.asked).toEqual([{ verb, input, requestId: 'req_of_the_test' }]);
    },
  );

  it.each<[string, string, Role[], number]>([
    ['GET', user, [], 403],
    ['GET', user, ['support'], 200],
    ['POST', `${user}/disable`, ['support'], 403],
    ['POST', `${user}/logout`, ['support'], 200],
    ['DELETE', user, ['support'], 403],
    ['POST', '/v1/keys/rotate', ['support'], 403],
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

  it('away is 503, and comes back by itself', async () => {
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

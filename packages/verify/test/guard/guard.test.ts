/** The guard: who is let in, and what the others are answered. infra/test/answers has it beside the services. */
import { newId, Refusal, type Requirement } from '@portcullis/contracts';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { MachineClaims, UserClaims } from '@portcullis/contracts';
import {
  answerOf,
  createGuard,
  possessionOf,
  requestIdOf,
  type Guard,
  type GuardOptions,
  type LoginDemands,
  type RequestGuard,
  type RequestLike,
} from '../../src/guard/index.ts';
import * as root from '../../src/index.ts';

let issuer: TestIssuer;
let verifier: root.Verifier;

beforeAll(async () => {
  issuer = await createTestIssuer();
  verifier = await root.createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
});
afterAll(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const bearing = (token: string): RequestLike => ({
  method: 'GET',
  url: '/orders?all=true',
  headers: { authorization: `Bearer ${token}` },
});
const CHALLENGE = 'Bearer realm="portcullis"';

async function codeOf(guard: RequestGuard, token: string): Promise<string> {
  const { refusal } = await guard.check(bearing(token));
  return refusal?.code ?? 'let in';
}

describe('who is let in', () => {
  const users = ['let in', 'let in', 'let in', 'insufficient_scope', 'insufficient_scope'];
  const none = users.map(() => 'insufficient_scope');
  const rows: [string, Requirement | undefined, string[]][] = [
    ['nothing', undefined, users],
    ['a user', 'user', users],
    ['a client', 'client', [...none.slice(0, 3), 'let in', 'let in']],
    ['anybody', 'any', users.map(() => 'let in')],
    ['a permission', { permission: 'users:read' }, none.with(1, 'let in').with(2, 'let in')],
    ['one that support lacks', { permission: 'users:write' }, none.with(2, 'let in')],
    ['a role', { role: 'support' }, none.with(1, 'let in')],
    ['a scope', { scope: 'users:read' }, none.with(4, 'let in')],
    ['a part of a scope', { scope: 'users' }, none],
  ];

  it.each(rows)('where %s is required', async (_, required, expected) => {
    const tokens = [
      await issuer.mint(),
      await issuer.mint({ roles: ['support'] }),
      await issuer.mint({ roles: ['admin'] }),
      await issuer.mintMachine(),
      await issuer.mintMachine({ scope: 'keys:write users:read' }),
    ];
    const guard = createGuard(verifier, required === undefined ? {} : { require: required });
    expect(await Promise.all(tokens.map((token) => codeOf(guard, token)))).toEqual(expected);
  });

  it('has the claims of those who are let in, by their type too', async () => {
    const guard = createGuard(verifier);
    expectTypeOf(guard).toEqualTypeOf<Guard<UserClaims>>();
    expectTypeOf(createGuard(verifier, { require: 'client' })).toEqualTypeOf<
      Guard<MachineClaims>
    >();
    const sub = newId('usr');
    const { caller, refusal, answer } = await guard.check(bearing(await issuer.mint({ sub })));
    expect([caller?.sub, refusal, answer]).toEqual([sub, undefined, undefined]);
  });

  it('is asked anew each time: a revocation between two calls of one request is seen', async () => {
    const guard = createGuard(verifier);
    const sid = newId('ses');
    const request = bearing(await issuer.mint({ sid }));
    expect(await guard.authenticate(request)).toHaveProperty('sid', sid);
    const watched = await guard.watch(request);
    issuer.revocations.revoke({ kind: 'session', key: sid });
    expect(() => guard.authenticate(request)).toThrow(
      expect.objectContaining({ code: 'invalid_token' }),
    );
    expect(watched.signal.reason).toMatchObject({ code: 'invalid_token' });
    watched[Symbol.dispose]();
  });

  it('leaves no watcher behind for those who are not', async () => {
    const guard = createGuard(verifier, { require: 'client' });
    const watching = guard.watch(bearing(await issuer.mint()));
    await expect(watching).rejects.toMatchObject({ code: 'insufficient_scope' });
    expect(verifier.stats().watched).toBe(0);
  });
});

describe('a login that is demanded', () => {
  const seconds = (): number => Math.floor(Date.now() / 1_000);
  const guard = (login: LoginDemands): Guard => createGuard(verifier, { login, require: 'any' });

  it('is recent by the clock of the issuer', async () => {
    const recent = guard({ maxAgeSeconds: 300 });
    expect(await codeOf(recent, await issuer.mint({ auth_time: seconds() - 290 }))).toBe('let in');
    const old = bearing(await issuer.mint({ auth_time: seconds() - 310 }));
    const { answer } = await recent.check(old, 'req_1');
    expect(answer).toEqual({
      status: 401,
      headers: {
        'cache-control': 'no-store',
        'x-request-id': 'req_1',
        'www-authenticate': `${CHALLENGE}, error="insufficient_user_authentication", max_age="300"`,
      },
      body: expect.objectContaining({ code: 'login_too_old', request_id: 'req_1' }),
    });
  });

  it('is of a class that will do', async () => {
    const strong = guard({ acr: ['phr', 'mfa'] });
    expect(await codeOf(strong, await issuer.mint({ acr: 'mfa' }))).toBe('let in');
    for (const acr of [undefined, 'pwd', 'phr mfa']) {
      expect(await codeOf(strong, await issuer.mint({ acr }))).toBe('login_too_weak');
    }
    const { answer } = await strong.check(bearing(await issuer.mint()));
    expect(answer?.headers['www-authenticate']).toBe(
      `${CHALLENGE}, error="insufficient_user_authentication", acr_values="phr mfa"`,
    );
  });

  it('is none that a client could have', async () => {
    const machine = await issuer.mintMachine();
    expect(await codeOf(guard({ maxAgeSeconds: 300 }), machine)).toBe('insufficient_scope');
  });

  it('is not judged before the first word from the issuer', async () => {
    const before = { issuerNowMs: Number.NEGATIVE_INFINITY };
    const unsure = {
      ...before,
      verifyMaybeSync: (...call: Parameters<root.Verifier['verifyMaybeSync']>) =>
        verifier.verifyMaybeSync(...call),
    };
    const recent = createGuard(unsure, { login: { maxAgeSeconds: 300 } });
    expect(await codeOf(recent, await issuer.mint())).toBe('verifier_stale');
  });
});

describe('the answer to a refusal', () => {
  const none: RequestLike = { headers: {} };
  const bearer = bearing('a.b.c');
  const dpop: RequestLike = { headers: { authorization: 'DPoP a.b.c' } };
  const algs = 'DPoP algs="ES256 EdDSA Ed25519"';
  const challenge = (value: string) => ({ 'www-authenticate': value });

  it.each<[string, RequestLike, Refusal, Record<string, string>]>([
    ['without a token', none, new Refusal('invalid_token'), challenge(`${CHALLENGE}, ${algs}`)],
    [
      'with one that will not do',
      bearer,
      new Refusal('invalid_token'),
      challenge(`${CHALLENGE}, error="invalid_token", ${algs}`),
    ],
    [
      'with one of the other scheme',
      dpop,
      new Refusal('invalid_token'),
      challenge(`${algs}, error="invalid_token"`),
    ],
    [
      'with one that does not reach',
      bearer,
      new Refusal('insufficient_scope', { demanded: { scope: 'orders:read' } }),
      challenge(`${CHALLENGE}, error="insufficient_scope", scope="orders:read"`),
    ],
    [
      'whose proof needs a nonce',
      dpop,
      new Refusal('use_dpop_nonce', { dpopNonce: 'n1' }),
      { ...challenge(`${algs}, error="use_dpop_nonce"`), 'dpop-nonce': 'n1' },
    ],
    ['while the verifier is stale', bearer, new Refusal('verifier_stale'), { 'retry-after': '1' }],
    [
      'for some seconds',
      bearer,
      new Refusal('rate_limited', { retryAfter: 6.2 }),
      { 'retry-after': '7' },
    ],
    ['that has no credentials to mend', bearer, new Refusal('not_found'), {}],
  ])('%s', (_, request, refusal, headers) => {
    const { code, message, status } = refusal;
    const id = requestIdOf(request);
    const all = { ...headers, 'cache-control': 'no-store', 'x-request-id': id };
    const body = { code, message, request_id: id };
    expect(answerOf(refusal, request)).toEqual({ status, headers: all, body });
  });

  it('says by the scope that a guard requires what would do', async () => {
    const guard = createGuard(verifier, { require: { scope: 'orders:read' } });
    const { answer } = await guard.check(bearing(await issuer.mintMachine()));
    expect(answer?.status).toBe(403);
    expect(answer?.headers['www-authenticate']).toMatch(/, scope="orders:read"$/);
  });

  it('offers bound tokens only where one can be good', async () => {
    const challengeOf = async (request: RequestLike, options: GuardOptions) => {
      const { answer } = await createGuard(verifier, options).check(request);
      return answer?.headers['www-authenticate'];
    };
    const publicUrls = ['https://orders.example.com'];
    expect(await challengeOf(none, { publicUrls })).toBe(`${CHALLENGE}, ${algs}`);
    expect(await challengeOf(none, {})).toBe(CHALLENGE);
    expect(await challengeOf(bearer, {})).toBe(`${CHALLENGE}, error="invalid_token"`);
    const proven = { ...dpop, headers: { ...dpop.headers, dpop: 'a.b.c' } };
    expect(await challengeOf(proven, { publicUrls })).toMatch(/^DPoP /);
    expect(await challengeOf(proven, {})).toBe(CHALLENGE);
  });

  it('is none to a defect', async () => {
    const broken = { verifyMaybeSync: () => Promise.reject(new Error('a defect')) };
    await expect(createGuard(broken).check(bearing('a.b.c'))).rejects.toThrow('a defect');
  });
});

describe('the address that a proof names', () => {
  it.each<[string, RequestLike, string]>([
    ['of a target', { url: '/v1/orders?x=1', headers: {} }, '/v1/orders'],
    ['of a whole address', { url: 'http://other/v1/orders?x=1', headers: {} }, '/v1/orders'],
    [
      'of a target whose prefix a framework has cut off',
      { url: '/orders', originalUrl: '/v1/orders', headers: {} },
      '/v1/orders',
    ],
    ['of no target', { headers: {} }, '/'],
    [
      'of a path that looks like a host',
      { url: '//evil.example/x', headers: {} },
      '//evil.example/x',
    ],
  ])('is the path %s below the public ones', (_, request, path) => {
    const { urls } = possessionOf(request, ['https://a.example', 'https://b.example/sub']);
    expect(urls).toEqual([`https://a.example${path}`, `https://b.example/sub${path}`]);
  });

  it.each(['*', 'evil.example:443', '.evil.example/x', '@evil.example/x', ':8443/x'])(
    'is none for the target %s, which is no path',
    (url) => {
      expect(possessionOf({ url, headers: {} }, ['https://a.example']).urls).toEqual([]);
    },
  );
});

describe('an option that cannot be meant is a TypeError at once', () => {
  let wrong: [string, unknown][];
  beforeEach(() => {
    wrong = [
      ['require', 'users'],
      ['require', {}],
      ['require', { permission: 'users:read', role: 'admin' }],
      ['require.role', { role: 'Root' }],
      ['require.permission', { permission: '' }],
      ['require.permission', { permission: 'Users:Read' }],
      ['require', { permission: 'users:read', users: true }],
      ['require', { scope: 'users:read', users: false }],
      ['require.scope', { scope: 'two words' }],
      ['require.scope', { scope: 'a"b' }],
      ['whenStale', 'rejected'],
      ['whenStale', 'toString'],
      ['login', {}],
      ['login', 300],
      ['login.acr', { acr: [] }],
      ['login.acr', { acr: ['two words'] }],
      ['login.acr', { acr: [5] }],
      ['login.maxAge', { acr: ['mfa'], maxAge: 300 }],
      ['login.maxAgeSeconds', { maxAgeSeconds: -1 }],
      ['login.maxAgeSeconds', { maxAgeSeconds: '300' }],
      ['cookies', true],
      ['cookies.insecure', { insecure: 'yes' }],
      ['cookies.origin', { origin: 'https://app.example.com' }],
      ['cookies.origins', { origins: ['https://app.example.com/'] }],
      ['cookies.origins', { origins: 'https://app.example.com' }],
      ['publicUrls', 'https://orders.example.com'],
      ['publicUrls', ['orders.example.com']],
      ['publicUrls', ['https://orders.example.com/']],
      ['publicUrls', ['https://orders.example.com?']],
      ['publicUrls', ['https://orders.example.com?x=1']],
      ['publicUrls', ['https://orders.example.com#']],
      ['publicUrls', ['https://orders.example.com#x']],
      ['publicUrls', ['https://user@orders.example.com']],
      ['publicUrls', ['https://:secret@orders.example.com']],
      ['publicUrls', [String.raw`https://orders.example.com\x`]],
      ['nonces', 'secret'],
      ['nonces', { issue: 'n1' }],
      ['requires', 'user'],
      ['permission', 'users:read'],
    ];
  });

  it('and names itself', () => {
    for (const [name, value] of wrong) {
      const option = name.split('.')[0] ?? '';
      const options: GuardOptions = JSON.parse(JSON.stringify({ [option]: value }));
      const escaped = name.replaceAll('.', String.raw`\.`);
      const make = () => createGuard(verifier, options);
      expect(make, JSON.stringify(options)).toThrow(TypeError);
      expect(make, JSON.stringify(options)).toThrow(new RegExp(`^guard: ${escaped} has to be `));
    }
  });

  it.each<[string, object]>([
    ['require', { require: undefined }],
    ['whenStale', { whenStale: undefined }],
    ['nonces', { nonces: undefined }],
    ['login', { login: undefined }],
    ['login.acr', { login: { acr: undefined, maxAgeSeconds: 300 } }],
    ['login.maxAgeSeconds', { login: { acr: ['mfa'], maxAgeSeconds: undefined } }],
  ])('and so is %s as undefined, which would demand nothing', (name, options) => {
    expect(() => createGuard(verifier, options)).toThrow(TypeError);
    expect(() => createGuard(verifier, options)).toThrow(`guard: ${name} has to be given`);
  });

  it.each<Requirement>(['client', { scope: 'users:read' }])(
    'and so is a login of a client: %o',
    (required) => {
      const options = { require: required, login: { maxAgeSeconds: 300 } };
      expect(() => createGuard(verifier, options)).toThrow('guard: login has to be left out');
    },
  );

  it('and what was meant then stays, whatever becomes of the options', async () => {
    const require = { role: 'admin' as const as 'admin' | 'support' };
    const acr = ['mfa'];
    const login: LoginDemands = { acr };
    const origins: string[] = [];
    const cookies = { origins };
    const publicUrls: string[] = [];
    const options: GuardOptions = { require, login, cookies, publicUrls };
    const guard = createGuard(verifier, options);
    require.role = 'support';
    acr.push('pwd');
    delete login.acr;
    delete options.login;
    delete options.require;
    origins.push('https://evil.example');
    publicUrls.push('https://evil.example');
    const support = await issuer.mint({ roles: ['support'], acr: 'mfa' });
    expect(await codeOf(guard, support)).toBe('insufficient_scope');
    const weak = await issuer.mint({ roles: ['admin'], acr: 'pwd' });
    expect(await codeOf(guard, weak)).toBe('login_too_weak');
    const token = await issuer.mint({ roles: ['admin'], acr: 'mfa' });
    expect(await codeOf(guard, token)).toBe('let in');
    const cookie = `__Host-portcullis-access=${token}`;
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', cookie };
    expect((await guard.check({ method: 'GET', headers: foreign })).refusal?.code).toBe(
      'cross_site',
    );
    const { answer } = await guard.check({ headers: {} });
    expect(answer?.headers['www-authenticate']).toBe(CHALLENGE);
  });

  it('and so is a verifier that is none, or that tells no time where an age is demanded', () => {
    const none: root.Verifier = JSON.parse('{}');
    expect(() => createGuard(none)).toThrow(TypeError);
    const timeless = { verifyMaybeSync: () => Promise.reject(new Refusal('invalid_token')) };
    const guard = createGuard(timeless);
    expectTypeOf(guard).toEqualTypeOf<RequestGuard<UserClaims>>();
    expect(guard).not.toHaveProperty('watch');
    const demanding = { login: { maxAgeSeconds: 300 } };
    expect(() => createGuard(timeless, demanding)).toThrow(/^guard: login\.maxAgeSeconds /);
  });
});

it('the root has the class that refusals are of', async () => {
  await expect(verifier.verify('a.b.c')).rejects.toBeInstanceOf(root.Refusal);
  expectTypeOf<root.ErrorCode>().toEqualTypeOf<Refusal['code']>();
});

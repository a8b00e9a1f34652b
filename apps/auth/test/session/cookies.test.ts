/** Cookie mode over HTTP: where tokens travel, who may use the cookies, and what takes them away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type Answer, type AuthSystem } from '../auth-system.ts';

const APP = 'https://app.example.test';
const ACCESS = '__Host-portcullis-access';
const REFRESH = '__Host-portcullis-refresh';
const OWN = { 'sec-fetch-site': 'same-origin' };

let system: AuthSystem;
let email: string;
beforeAll(async () => {
  system = await startAuthSystem({ overrides: { PORTCULLIS_WEB_ORIGINS: APP } });
  ({ email } = await system.auth.newcomer());
}, 120_000);
afterAll(async () => system.bed.dispose());

/** What a browser would hold after the answer. */
function cookiesOf({ headers }: Answer): Map<string, string> {
  return new Map(
    headers.getSetCookie().map((line) => {
      const [pair = ''] = line.split(';', 1);
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
}
const cookieHeader = (cookies: Map<string, string>, names = [ACCESS, REFRESH]) =>
  names.map((name) => `${name}=${cookies.get(name)}`).join('; ');

async function loggedIn(headers: Record<string, string> = OWN) {
  const answer = await system.auth.call('POST', '/v1/login', {
    body: { email, password: PASSWORD, transport: 'cookie' },
    headers,
  });
  const cookies = cookiesOf(answer);
  return { answer, cookies, cookie: cookieHeader(cookies) };
}

const call = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
  system.auth.call(method, path, { headers, ...(body === undefined ? {} : { body }) });

describe('logging in', () => {
  it('puts the tokens into cookies that no script can read, and nowhere else', async () => {
    const { answer, cookies } = await loggedIn();
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).toSorted()).toEqual(['expires_in', 'session_id', 'transport']);
    expect([...cookies.keys()]).toEqual([ACCESS, REFRESH]);
    for (const line of answer.headers.getSetCookie()) {
      expect(line).toMatch(/; Max-Age=[1-9]\d*; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
      expect(line).not.toMatch(/domain/i);
    }
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const text = JSON.stringify(answer.body);
    for (const value of cookies.values()) expect(text).not.toContain(value);
  });

  it('is the same over tRPC', async () => {
    const body = { email, password: PASSWORD, transport: 'cookie' };
    const answer = await call('POST', '/trpc/login', OWN, body);
    expect([...cookiesOf(answer).keys()]).toEqual([ACCESS, REFRESH]);
    expect(JSON.stringify(answer.body)).not.toMatch(/token/);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }, 403],
    ['a sibling', { 'sec-fetch-site': 'same-site', origin: 'https://evil.example.test' }, 403],
    ['another site, in an old browser', { origin: 'https://evil.test' }, 403],
    ['a configured page', { 'sec-fetch-site': 'same-site', origin: APP }, 200],
    ['no browser', {}, 200],
  ])('from %s', async (_, headers, status) => {
    const { answer } = await loggedIn(headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.getSetCookie()).toHaveLength(status === 200 ? 2 : 0);
  });

  it('gives no cookies to a form, which any page can send', async () => {
    const form = { username: 'a@example.test', password: PASSWORD, transport: 'cookie' };
    const answer = await system.auth.call('POST', '/v1/login', { form });
    expect(answer.status).toBe(415);
  });

  it('sets no cookie for a client that has the tokens in the body', async () => {
    const answer = await call('POST', '/v1/login', OWN, { email, password: PASSWORD });
    expect(answer.body.refresh_token).toMatch(/^prt_/);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('a call with cookies', () => {
  it('is as good as one with a bearer token', async () => {
    const { cookie } = await loggedIn();
    expect((await call('GET', '/v1/sessions', { cookie })).status).toBe(200);
    expect((await call('GET', '/trpc/sessions.list', { cookie })).status).toBe(200);
  });

  it('is refused with a bearer token that differs, and taken with the same', async () => {
    const { cookie, cookies } = await loggedIn();
    const { access_token: another } = await system.auth.logIn(email);
    const ask = (token: string) =>
      system.auth.call('GET', '/v1/sessions', { token, headers: { cookie } });
    expect((await ask(another)).status).toBe(401);
    expect((await ask(cookies.get(ACCESS) ?? '')).status).toBe(200);
  });

  const STATE_CHANGING: [string, string, unknown?][] = [
    ['POST', '/v1/refresh', {}],
    ['POST', '/v1/logout'],
    ['POST', '/v1/logout-all', {}],
    ['DELETE', '/v1/sessions/SESSION'],
    ['POST', '/trpc/logout', {}],
    ['POST', '/trpc/refresh', {}],
    ['POST', '/v1/register', { email: 'x@example.test', password: PASSWORD }],
  ];
  const FOREIGN: [string, Record<string, string>][] = [
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }],
    ['a sibling', { 'sec-fetch-site': 'same-site', origin: 'https://evil.example.test' }],
    ['an old browser on another site', { origin: 'https://evil.test' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['neither header', {}],
  ];
  it.each(FOREIGN)('changes nothing from %s', async (_, headers) => {
    const { cookie, answer: login } = await loggedIn();
    const count = async () =>
      (await call('GET', '/v1/sessions', { cookie })).body.sessions.length as number;
    const before = await count();
    for (const [method, path, body] of STATE_CHANGING) {
      const answer = await call(
        method,
        path.replace('SESSION', login.body.session_id),
        { ...headers, cookie },
        body,
      );
      expect([path, answer.status]).toEqual([path, 403]);
      expect(JSON.stringify(answer.body)).toContain('cross_site');
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(await count()).toBe(before);
  });

  it('changes nothing by a plain-text form', async () => {
    const { cookie } = await loggedIn();
    for (const more of [{}, OWN] as Record<string, string>[]) {
      const response = await fetch(`${system.auth.url}/v1/refresh`, {
        method: 'POST',
        body: '{"a":"="}',
        headers: { 'content-type': 'text/plain', cookie, ...more },
      });
      expect(response.status).toBe('sec-fetch-site' in more ? 415 : 403);
    }
  });

  it('changes nothing by GET', async () => {
    const { cookie } = await loggedIn();
    for (const path of ['/v1/logout', '/v1/refresh', '/trpc/logout', '/trpc/refresh?input={}']) {
      expect((await call('GET', path, { ...OWN, cookie })).status).toBe(405);
    }
    expect((await call('GET', '/v1/sessions', { cookie })).status).toBe(200);
  });

  it('reads nothing for a page of another origin', async () => {
    const { cookie } = await loggedIn();
    for (const site of ['cross-site', 'same-site']) {
      const answer = await call('GET', '/v1/sessions', { cookie, 'sec-fetch-site': site });
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe('cross_site');
    }
  });

  it('is one of the form that is configured', async () => {
    const { cookies } = await loggedIn();
    const cookie = `portcullis-insecure-access=${cookies.get(ACCESS)}`;
    expect((await call('GET', '/v1/sessions', { cookie })).status).toBe(401);
  });
});

describe('refreshing by cookie', () => {
  it('replaces both cookies, and shows neither', async () => {
    const { cookies } = await loggedIn();
    const answer = await call('POST', '/v1/refresh', {
      ...OWN,
      cookie: cookieHeader(cookies, [REFRESH]),
    });
    expect(answer.status).toBe(200);
    expect(answer.body.transport).toBe('cookie');
    const renewed = cookiesOf(answer);
    expect(renewed.get(REFRESH)).not.toBe(cookies.get(REFRESH));
    expect(JSON.stringify(answer.body)).not.toContain(renewed.get(REFRESH));
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const cookie = cookieHeader(renewed);
    expect((await call('GET', '/v1/sessions', { cookie })).status).toBe(200);
  });

  it('is refused together with a token in the body, and without any', async () => {
    const { cookies, cookie } = await loggedIn();
    const body = { refresh_token: cookies.get(REFRESH) };
    expect((await call('POST', '/v1/refresh', { ...OWN, cookie }, body)).status).toBe(401);
    expect((await call('POST', '/v1/refresh', OWN)).status).toBe(401);
    const twice = `${REFRESH}=${cookies.get(REFRESH)}; ${cookie}`;
    expect((await call('POST', '/v1/refresh', { ...OWN, cookie: twice })).status).toBe(401);
  });

  it('clears the cookies of a session that has ended', async () => {
    const { cookie } = await loggedIn();
    expect((await call('POST', '/v1/logout-all', { ...OWN, cookie }, {})).status).toBe(200);
    const answer = await call('POST', '/v1/refresh', { ...OWN, cookie });
    expect(answer.status).toBe(401);
    expect([...cookiesOf(answer)]).toEqual([
      [ACCESS, ''],
      [REFRESH, ''],
    ]);
  });
});

describe('logging out by cookie', () => {
  it.each([
    ['both cookies', [ACCESS, REFRESH]],
    ['the refresh token alone, after the access token has expired', [REFRESH]],
    ['the access token alone', [ACCESS]],
  ])('with %s ends the session and clears both', async (_, names) => {
    const { cookies, cookie } = await loggedIn();
    const answer = await call('POST', '/v1/logout', {
      ...OWN,
      cookie: cookieHeader(cookies, names),
    });
    expect(answer.status).toBe(200);
    expect(answer.body.revoked.kind).toBe('session');
    for (const line of answer.headers.getSetCookie()) {
      expect(line).toMatch(/^__Host-portcullis-\w+=; Max-Age=0; Path=\/; HttpOnly; Secure/);
    }
    expect(answer.headers.getSetCookie()).toHaveLength(2);
    expect((await call('GET', '/v1/sessions', { cookie })).status).toBe(401);
    expect((await call('POST', '/v1/refresh', { ...OWN, cookie })).status).toBe(401);
  });

  it('again, with the refresh token alone, is answered with the same receipt', async () => {
    const { cookies } = await loggedIn();
    const cookie = cookieHeader(cookies, [REFRESH]);
    const [first, second] = [
      await call('POST', '/v1/logout', { ...OWN, cookie }),
      await call('POST', '/v1/logout', { ...OWN, cookie }),
    ];
    expect(second.status).toBe(200);
    expect(second.body.revoked).toEqual(first.body.revoked);
    expect(second.body.committed_at).toBe(first.body.committed_at);
  });

  it('with nothing that was ever good is refused, and clears them all the same', async () => {
    const cookie = `${ACCESS}=nonsense; ${REFRESH}=prt_nonsense`;
    const answer = await call('POST', '/v1/logout', { ...OWN, cookie });
    expect(answer.status).toBe(401);
    expect(answer.headers.getSetCookie()).toHaveLength(2);
  });

  it('ends the own session from the list, and clears; another one, and does not', async () => {
    const { session_id: other } = await system.auth.logIn(email);
    const { cookie, answer } = await loggedIn();
    const end = (id: string) => call('DELETE', `/v1/sessions/${id}`, { ...OWN, cookie });
    expect((await end(other)).headers.getSetCookie()).toEqual([]);
    const own = await end(answer.body.session_id);
    expect(own.status).toBe(200);
    expect(own.headers.getSetCookie()).toHaveLength(2);
  });
});

describe('pages of other origins', () => {
  const preflight = (origin: string) =>
    call('OPTIONS', '/v1/login', { origin, 'access-control-request-method': 'POST' });

  it('pages of configured origins get CORS headers, and others get none', async () => {
    const allowed = await preflight(APP);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(APP);
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true');
    expect(allowed.headers.get('vary')).toBe('origin');
    for (const origin of ['https://evil.test', 'null', `${APP}.evil.test`, '*']) {
      const { headers } = await preflight(origin);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

/** Whose calls may carry cookies, and what a cookie and a header say together. */
import { describe, expect, it } from 'vitest';
import { provenanceOf, type CookiePolicy } from '../src/cookie/index.ts';
import { tokenOf, type RequestLike } from '../src/guard/index.ts';

const APP = 'https://app.example.com';
const policy: CookiePolicy = { origins: [APP] };

describe('where a request comes from', () => {
  const cases: [string, (string | undefined)[], string][] = [
    ['no browser', [], 'unknown'],
    ['the address bar', [undefined, 'none'], 'unknown'],
    ['its own page, reading', [undefined, 'same-origin'], 'own'],
    ['its own page', ['https://api.example.com', 'same-origin'], 'own'],
    ['a configured page of the site', [APP, 'same-site'], 'own'],
    ['a configured page of another site', [APP, 'cross-site'], 'own'],
    ['its own page in an old browser', ['https://api.example.com', undefined], 'own'],
    ['a configured page in an old browser', [APP, undefined], 'own'],
    ['its own page on this machine', ['http://localhost:4000', undefined, 'localhost:4000'], 'own'],
    [
      'its default port said',
      ['https://api.example.com', 'same-origin', 'api.example.com:443'],
      'own',
    ],
    [
      'its default port said, in an old browser',
      ['http://localhost', undefined, 'localhost:80'],
      'own',
    ],
    ['its address of IPv6', ['http://[::1]:4000', undefined, '[::1]:4000'], 'own'],
    ['its host in capitals', ['https://api.example.com', undefined, 'API.Example.com'], 'own'],
    [
      'the default port of the other scheme',
      ['https://api.example.com', undefined, 'api.example.com:80'],
      'foreign',
    ],
    ['another port', ['https://api.example.com', undefined, 'api.example.com:8443'], 'foreign'],
    [
      'another port said as well',
      ['https://api.example.com:8443', undefined, 'api.example.com'],
      'foreign',
    ],
    [
      'a host with a dot at its end',
      ['https://api.example.com', undefined, 'api.example.com.'],
      'foreign',
    ],
    ['a host with a user', ['https://api.example.com', undefined, 'x@api.example.com'], 'foreign'],
    ['a host with a path', ['https://api.example.com', undefined, 'api.example.com/x'], 'foreign'],
    [
      'another port of this machine',
      ['http://localhost:5000', undefined, 'localhost:4000'],
      'foreign',
    ],
    ['its own host over plain http', ['http://api.example.com', undefined], 'foreign'],
    ['a sibling', ['https://evil.example.com', 'same-site'], 'foreign'],
    ['a sibling that says nothing more', [undefined, 'same-site'], 'foreign'],
    ['another site', ['https://evil.test', 'cross-site'], 'foreign'],
    ['another site in an old browser', ['https://evil.test', undefined], 'foreign'],
    ['a sandboxed frame', ['null', 'cross-site'], 'foreign'],
    ['a sandboxed frame in an old browser', ['null', undefined], 'foreign'],
    ['headers that contradict each other', ['https://evil.test', 'same-origin'], 'foreign'],
    ['a value of the future', ['https://api.example.com', 'same-planet'], 'foreign'],
    ['an origin in another case', ['https://APP.example.com', 'same-site'], 'foreign'],
    ['an origin with a slash', [`${APP}/`, 'same-site'], 'foreign'],
    ['two origins', [`${APP}, https://evil.test`, undefined], 'foreign'],
    ['a longer origin', [`${APP}.evil.test`, 'cross-site'], 'foreign'],
  ];
  it.each(cases)('%s', (_, [origin, secFetchSite, host = 'api.example.com'], expected) => {
    expect(provenanceOf({ origin, secFetchSite, host }, policy)).toBe(expected);
  });
});

describe('the token of a request', () => {
  const own = { 'sec-fetch-site': 'same-origin', host: 'api.example.com' };
  const cookie = '__Host-portcullis-access=a.b.c';
  const get = (headers: RequestLike['headers']): RequestLike => ({ method: 'GET', headers });
  const tokenIn = (request: RequestLike, cookies: CookiePolicy = {}): string =>
    tokenOf(request, { cookies }).token;
  const refused = (code: string) => expect.objectContaining({ code });

  it('comes from the header, or from the cookie', () => {
    expect(() => tokenIn(get({}))).toThrow(refused('invalid_token'));
    expect(tokenIn(get({ authorization: 'Bearer x.y.z' }))).toBe('x.y.z');
    const headers = { ...own, cookie: `theme=dark; ${cookie}` };
    expect(tokenIn({ method: 'POST', headers })).toBe('a.b.c');
    expect(tokenIn(get({ ...headers, authorization: 'bearer a.b.c' }))).toBe('a.b.c');
  });

  it('is in no cookie, where cookie mode is not wanted', () => {
    expect(() => tokenOf(get({ ...own, cookie }))).toThrow(refused('invalid_token'));
    const both = { ...own, cookie, authorization: 'Bearer x.y.z' };
    expect(tokenOf(get(both)).token).toBe('x.y.z');
  });

  it.each([
    ['a cookie and a header that disagree', { authorization: 'Bearer x.y.z' }],
    ['a cookie and a header of another kind', { authorization: 'Basic YTpi' }],
    ['a cookie and the same under the scheme of bound tokens', { authorization: 'DPoP a.b.c' }],
    ['two cookies of one name', { cookie: `${cookie}; __Host-portcullis-access=x.y.z` }],
    ['two headers', { authorization: ['Bearer a.b.c', 'Bearer a.b.c'] }],
  ])('is refused for %s', (_, more) => {
    expect(() => tokenIn(get({ ...own, cookie, ...more }))).toThrow(refused('invalid_token'));
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }, 'GET'],
    ['a sibling', { 'sec-fetch-site': 'same-site' }, 'GET'],
    ['an unknown page', { 'sec-fetch-site': undefined }, 'POST'],
    ['an unknown page, deleting', { 'sec-fetch-site': undefined }, 'DELETE'],
    ['an unknown page, by no method', { 'sec-fetch-site': undefined }, undefined],
    ['the address bar, changing something', { 'sec-fetch-site': 'none' }, 'POST'],
    [
      'an unknown page, opening a socket',
      { 'sec-fetch-site': undefined, upgrade: 'websocket' },
      'GET',
    ],
    [
      'another site, opening a socket',
      { origin: 'https://evil.example', upgrade: 'websocket' },
      'GET',
    ],
  ])('is refused for a cookie from %s', (_, more, method) => {
    const headers = { ...own, cookie, ...more };
    expect(() => tokenIn({ method, headers })).toThrow(refused('cross_site'));
  });

  it("is read from the platform's own request as well", () => {
    const headers = new Headers({ ...own, cookie });
    expect(tokenIn({ method: 'POST', headers })).toBe('a.b.c');
    headers.set('sec-fetch-site', 'cross-site');
    expect(() => tokenIn({ method: 'GET', headers })).toThrow(refused('cross_site'));
    const nothing = new Request('https://api.example.com/');
    expect(() => tokenIn(nothing)).toThrow(refused('invalid_token'));
    const twice = new Headers();
    for (const token of ['a.b.c', 'a.b.c']) twice.append('authorization', `Bearer ${token}`);
    expect(tokenIn(get(twice))).not.toBe('a.b.c');
  });

  it('is read from all that was sent, of which Node keeps the first', () => {
    const rawHeaders = ['Authorization', 'Bearer a.b.c', 'authorization', 'Bearer x.y.z'];
    const headers = { authorization: 'Bearer a.b.c' };
    expect(() => tokenOf({ ...get(headers), rawHeaders })).toThrow(refused('invalid_token'));
    // The request of Node is behind that of fastify, and of Koa.
    const raw = { rawHeaders };
    expect(() => tokenOf({ ...get(headers), raw })).toThrow(refused('invalid_token'));
    expect(() => tokenOf({ ...get(headers), req: raw })).toThrow(refused('invalid_token'));
    expect(tokenOf({ ...get(headers), raw: { rawHeaders: rawHeaders.slice(2) } }).token).toBe(
      'a.b.c',
    );
    // What a middleware has taken away is not there.
    const taken = { ...get({}), rawHeaders: rawHeaders.slice(2) };
    expect(() => tokenOf(taken)).toThrow(refused('invalid_token'));
  });

  it('takes one form of the cookies, never both', () => {
    const headers = { ...own, cookie: 'portcullis-insecure-access=a.b.c' };
    expect(() => tokenIn(get(headers))).toThrow(refused('invalid_token'));
    expect(tokenIn(get(headers), { insecure: true })).toBe('a.b.c');
    const secure = get({ ...own, cookie });
    expect(() => tokenIn(secure, { insecure: true })).toThrow(refused('invalid_token'));
  });
});

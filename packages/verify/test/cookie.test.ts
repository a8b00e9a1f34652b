/** Whose calls may carry cookies, and what a cookie and a header say together. */
import { describe, expect, it } from 'vitest';
import { authorizationOf, provenanceOf, type CookiePolicy } from '../src/cookie/index.ts';

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

describe('the authorization of a request', () => {
  const own = { 'sec-fetch-site': 'same-origin', host: 'api.example.com' };
  const cookie = '__Host-portcullis-access=a.b.c';

  it('comes from the header, or from the cookie', () => {
    expect(authorizationOf({ headers: {} })).toBeUndefined();
    expect(authorizationOf({ headers: { authorization: 'Bearer x.y.z' } })).toBe('Bearer x.y.z');
    const headers = { ...own, cookie: `theme=dark; ${cookie}` };
    expect(authorizationOf({ method: 'POST', headers })).toBe('Bearer a.b.c');
    expect(authorizationOf({ headers: { ...headers, authorization: 'bearer a.b.c' } })).toBe(
      'Bearer a.b.c',
    );
  });

  it.each([
    ['a cookie and a header that disagree', { authorization: 'Bearer x.y.z' }],
    ['a cookie and a header of another kind', { authorization: 'Basic YTpi' }],
    ['two cookies of one name', { cookie: `${cookie}; __Host-portcullis-access=x.y.z` }],
  ])('is refused for %s', (_, more) => {
    const headers = { ...own, cookie, ...more };
    expect(authorizationOf({ headers })).toMatchObject({ code: 'invalid_token' });
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }, 'GET'],
    ['a sibling', { 'sec-fetch-site': 'same-site' }, 'GET'],
    ['nobody knows where', { 'sec-fetch-site': undefined }, 'POST'],
    ['nobody knows where, deleting', { 'sec-fetch-site': undefined }, 'DELETE'],
    ['the address bar, changing something', { 'sec-fetch-site': 'none' }, 'POST'],
    [
      'nobody knows where, opening a socket',
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
    expect(authorizationOf({ method, headers })).toMatchObject({ code: 'cross_site' });
  });

  it("is read from the platform's own request as well", () => {
    const headers = new Headers({ ...own, cookie });
    expect(authorizationOf({ method: 'POST', headers })).toBe('Bearer a.b.c');
    headers.set('sec-fetch-site', 'cross-site');
    expect(authorizationOf({ method: 'GET', headers })).toMatchObject({ code: 'cross_site' });
    expect(authorizationOf(new Request('https://api.example.com/'))).toBeUndefined();
  });

  it('takes one form of the cookies, never both', () => {
    const headers = { ...own, cookie: 'portcullis-insecure-access=a.b.c' };
    expect(authorizationOf({ headers })).toBeUndefined();
    expect(authorizationOf({ headers }, { insecure: true })).toBe('Bearer a.b.c');
    expect(authorizationOf({ headers: { ...own, cookie } }, { insecure: true })).toBeUndefined();
  });
});

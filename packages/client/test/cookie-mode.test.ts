/** Cookie mode of the SDK against the services as they are, over a `fetch` that keeps cookies as a browser does. */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPortcullisClient, type PortcullisClient } from '../src/index.ts';

let system: TestSystem;
const credentials = { email: 'ada@example.test', password: 'correct horse battery staple' };

beforeAll(async () => {
  system = await startSystem();
  const { auth, user, admin } = system;
  const bearer = createPortcullisClient({ auth: auth.url, user: user.url, admin: admin.url });
  await bearer.auth.register.mutate(credentials);
}, 180_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

/** One for all ports of the host, as in browsers. */
class Browser {
  readonly jar = new Map<string, string>();
  readonly seen: string[] = [];
  /** Answers instead of the service, where it returns one. */
  intercept: ((path: string) => Response | undefined) | undefined;

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const { pathname } = new URL(url);
    this.seen.push(pathname);
    const instead = this.intercept?.(pathname);
    if (instead !== undefined) return instead;
    const headers = new Headers(init.headers);
    if (headers.has('authorization')) throw new Error('a token was seen by the page');
    if (init.credentials === 'include') {
      headers.set('sec-fetch-site', 'same-origin');
      if (this.jar.size > 0) {
        headers.set('cookie', [...this.jar].map(([name, value]) => `${name}=${value}`).join('; '));
      }
    }
    const response = await fetch(input, { ...init, headers });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  };

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=', 2);
    if (attributes.includes('Max-Age=0')) this.jar.delete(name);
    else this.jar.set(name, value);
  }

  count(procedure: string): number {
    return this.seen.filter((path) => path === `/trpc/${procedure}`).length;
  }
}

let browser: Browser;
let client: PortcullisClient;
beforeEach(async () => {
  browser = new Browser();
  client = clientIn(browser);
});

function clientIn({ fetch }: Pick<Browser, 'fetch'>): PortcullisClient {
  const { auth, user, admin } = system;
  const urls = { auth: auth.url, user: user.url, admin: admin.url };
  return createPortcullisClient({ ...urls, transport: 'cookie', fetch });
}

test('log in, call, log out, refused; no token is ever seen by the page', async () => {
  const ended: string[] = [];
  client.session.onSignedOut((reason) => ended.push(reason));
  await client.logIn(credentials);
  expect(browser.jar.size).toBe(2);
  expect(await client.session.id()).toMatch(/^ses_/);
  await expect(client.user.me.get.query()).resolves.toMatchObject({ email: credentials.email });
  await expect(client.admin.users.list.query({})).rejects.toMatchObject({
    code: 'insufficient_scope',
  });
  const stolen = new Map(browser.jar);
  const receipt = await client.logOut({ wait: 10_000 });
  expect(receipt).toMatchObject({ confirmed: 2, expected: 2 });
  expect(browser.jar.size).toBe(0);
  expect(ended).toEqual(['logged_out']);
  expect(await client.session.id()).toBeUndefined();
  for (const [name, value] of stolen) browser.jar.set(name, value);
  await expect(clientIn(browser).user.me.get.query()).rejects.toMatchObject({
    code: 'invalid_refresh_token',
  });
});

describe('an access token that is gone', () => {
  test('is renewed through the cookie, once for 50 calls', async () => {
    await client.logIn(credentials);
    browser.jar.delete('__Host-portcullis-access');
    await Promise.all(Array.from({ length: 50 }, () => client.user.me.get.query()));
    expect(browser.count('refresh')).toBe(1);
    expect(browser.count('me.get')).toBe(100);
  });

  test('is renewed although nothing is noted of the session, as after a note was lost', async () => {
    await client.logIn(credentials);
    browser.jar.delete('__Host-portcullis-access');
    await expect(clientIn(browser).user.me.get.query()).resolves.toMatchObject({});
  });

  test('is not renewed twice for one call', async () => {
    await client.logIn(credentials);
    browser.intercept = (path) =>
      path === '/trpc/me.get'
        ? Response.json({ code: 'invalid_token', message: 'no', request_id: 'r' }, { status: 401 })
        : undefined;
    await expect(client.user.me.get.query()).rejects.toMatchObject({ code: 'invalid_token' });
    expect(browser.count('refresh')).toBe(1);
    expect(browser.count('me.get')).toBe(2);
  });
});

test('a renewal that is under way does not undo a logout', async () => {
  let reached = (): void => {};
  let goOn = (): void => {};
  const underWay = new Promise<void>((resolve) => (reached = resolve));
  const opened = new Promise<void>((resolve) => (goOn = resolve));
  const own = clientIn({
    fetch: async (input, init) => {
      const response = await browser.fetch(input, init);
      if (browser.seen.at(-1) !== '/trpc/refresh') return response;
      reached();
      await opened;
      return response;
    },
  });
  const ended: string[] = [];
  own.session.onSignedOut((reason) => ended.push(reason));
  await own.logIn(credentials);
  browser.jar.delete('__Host-portcullis-access');
  const call = own.user.me.get.query().catch((error: unknown) => error);
  await underWay;
  const loggedOut = own.logOut({ wait: 10_000 });
  goOn();
  expect(await loggedOut).toMatchObject({ confirmed: 2, expected: 2 });
  expect(await call).toMatchObject({ code: 'invalid_token' });
  expect(await own.session.id()).toBeUndefined();
  expect(browser.jar.size).toBe(0);
  expect(ended).toEqual(['logged_out']);
});

test('a session that was ended elsewhere signs out here', async () => {
  await client.logIn(credentials);
  const ended: string[] = [];
  client.session.onSignedOut((reason) => ended.push(reason));
  const elsewhere = clientIn(new Browser());
  await elsewhere.logIn(credentials);
  await elsewhere.logOutEverywhere({ wait: 10_000 });
  await expect(client.user.me.get.query()).rejects.toMatchObject({
    code: 'invalid_refresh_token',
  });
  expect(ended).toEqual(['refused']);
  expect(browser.jar.size).toBe(0);
  // Nothing is asked for what is known to be over.
  const asked = browser.count('refresh');
  await expect(client.user.me.get.query()).rejects.toMatchObject({ code: 'invalid_token' });
  expect(browser.count('refresh')).toBe(asked);
});

test('a logout that did not arrive is out here, and can be tried again', async () => {
  await client.logIn(credentials);
  browser.intercept = (path) => {
    if (path === '/trpc/logout') throw new TypeError('no network');
    return undefined;
  };
  await expect(client.logOut()).rejects.toMatchObject({ code: 'network' });
  await expect(client.user.me.get.query()).rejects.toMatchObject({ code: 'invalid_token' });
  browser.intercept = undefined;
  await expect(client.logOut()).resolves.toMatchObject({ revoked: { kind: 'session' } });
});

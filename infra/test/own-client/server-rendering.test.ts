/** Sessions in cookies behind a server that renders pages, against the system as it is. */
import {
  accessTokenOf,
  createSessionRefresh,
  sessionMiddleware,
  type RefreshedSession,
} from '@portcullis/client/ssr';
import { tokenCookieNames } from '@portcullis/contracts';
import { startSystem, testSeed, type TestSystem } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { CookieJar } from '../../packages/cookie-jar.ts';
import { register, type Account } from '../e2e/calls.ts';

/** Of an access token, in seconds. */
const LIFE = 3;
const CALLS = 20;
const ROUNDS = 3;
const BROWSER = 'Browser/7.0 (of a user)';
const ADDRESS = '203.0.113.9';
const { access, refresh } = tokenCookieNames(false);

let system: TestSystem;
beforeAll(async () => {
  system = await startSystem({
    auth: {
      PORTCULLIS_ACCESS_TOKEN_SECONDS: String(LIFE),
      PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1',
    },
  });
}, 180_000);
afterAll(async () => system?.[Symbol.asyncDispose]());
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function loggedIn(account?: Account): Promise<CookieJar> {
  const jar = new CookieJar();
  jar.cookies.set('theme', 'dark');
  const { email, password } = account ?? (await register(system.auth.url));
  const answer = await fetch(`${system.auth.url}/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': BROWSER },
    body: JSON.stringify({ email, password, transport: 'cookie' }),
  });
  expect(answer.status).toBe(200);
  jar.keep(answer);
  return jar;
}

/** Counts what it asks of auth. */
function counting() {
  const asked: Headers[] = [];
  const via: typeof fetch = async (input, init) => {
    asked.push(new Headers(init?.headers));
    return await fetch(input, init);
  };
  return { asked, via };
}

/** A server whose pages show what the user service answers to the cookies of their request. */
async function startPages(via: typeof fetch): Promise<string> {
  const middleware = sessionMiddleware({
    auth: system.auth.url,
    addressOf: () => ADDRESS,
    fetch: via,
  });
  const server = createServer((request, response) => {
    middleware(request, response, () => {
      const headers = { cookie: request.headers.cookie ?? '', 'sec-fetch-site': 'same-origin' };
      void fetch(`${system.user.url}/v1/me`, { headers }).then(
        async (answer) => response.writeHead(answer.status).end(await answer.text()),
        () => response.writeHead(502).end(),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const pageOf = async (url: string, jar: CookieJar, cookie = jar.header): Promise<number> => {
  const answer = await fetch(url, { headers: { cookie, 'user-agent': BROWSER } });
  jar.keep(answer);
  return answer.status;
};

const sessions = z.object({
  sessions: z.array(z.looseObject({ current: z.boolean(), user_agent: z.string().nullable() })),
});
async function sessionsOf(jar: CookieJar) {
  const headers = { cookie: jar.header, 'sec-fetch-site': 'same-origin' };
  const answer = await fetch(`${system.auth.url}/v1/sessions`, { headers });
  expect(answer.status).toBe(200);
  return sessions.parse(await answer.json()).sessions;
}

it.each([
  [1, 'one server'],
  [2, 'two servers, which know nothing of each other'],
])(
  `a page and ${CALLS} calls over an access token that has expired, at %i server: no reuse, one session (%s)`,
  async (count) => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const rounds = await Promise.all(
      Array.from({ length: ROUNDS }, async () => {
        const jar = await loggedIn();
        const seen = Array.from({ length: count }, () => counting());
        const urls = await Promise.all(seen.map(({ via }) => startPages(via)));
        return { jar, seen, urls };
      }),
    );
    // Once for all of them: a token that has expired stays so.
    await sleep(LIFE * 1_000 + 200);
    for (const [round, { jar, seen, urls }] of rounds.entries()) {
      const before = jar.header;
      const statuses = await Promise.all(
        Array.from({ length: CALLS + 1 }, async (_, call) => {
          // Some are sent after the first was answered, with the cookies of before: the browser had them already.
          await sleep(Math.floor(random() * 150));
          return await pageOf(urls[call % count] ?? '', jar, before);
        }),
      );
      expect({ seed, round, statuses: new Set(statuses) }).toEqual({
        seed,
        round,
        statuses: new Set([200]),
      });
      expect(seen.map(({ asked }) => asked.length)).toEqual(Array.from({ length: count }, () => 1));
      expect(seen[0]?.asked[0]?.get('user-agent')).toBe(BROWSER);
      expect(seen[0]?.asked[0]?.get('x-forwarded-for')).toBe(ADDRESS);
      expect(jar.header).not.toBe(before);
      expect(await sessionsOf(jar)).toMatchObject([
        { current: true, user_agent: BROWSER, address: ADDRESS },
      ]);
    }
    await sleep(LIFE * 1_000 + 200);
    for (const { jar, urls } of rounds) expect(await pageOf(urls[0] ?? '', jar)).toBe(200);
  },
  120_000,
);

it('the request and the answer have the new cookies, and other cookies stay as they are', async () => {
  const renew = createSessionRefresh({ auth: system.auth.url });
  const jar = await loggedIn();
  const request = () =>
    new Request('https://app.example/', {
      headers: { cookie: jar.header, 'user-agent': BROWSER, 'x-other': 'kept' },
    });
  const good = await renew(request());
  expect(good).toMatchObject({ status: 'signed_in', setCookie: [] });
  expect(accessTokenOf(good.headers)).toBe(jar.cookies.get(access));
  await sleep(LIFE * 1_000 + 200);
  const renewed = await renew(request());
  expect(renewed.status).toBe('signed_in');
  expect(renewed.headers.get('x-other')).toBe('kept');
  expect(renewed.headers.get('cookie')).toMatch(/^theme=dark; /);
  const answer = renewed.applyTo(new Response('a page'));
  expect(answer.headers.getSetCookie()).toHaveLength(2);
  for (const line of answer.headers.getSetCookie()) {
    expect(line).toMatch(/HttpOnly; Secure; SameSite=Strict$/);
  }
  const before = jar.cookies.get(refresh);
  jar.keep(answer);
  expect(accessTokenOf(renewed.headers)).toBe(jar.cookies.get(access));
  expect(jar.cookies.get(refresh)).not.toBe(before);
});

it('a session that is over leaves neither request nor browser with its cookies', async () => {
  const renew = createSessionRefresh({ auth: system.auth.url });
  const jar = await loggedIn();
  const headers = { cookie: jar.header, 'sec-fetch-site': 'same-origin' };
  await fetch(`${system.auth.url}/v1/logout`, { method: 'POST', headers });
  await sleep(LIFE * 1_000 + 200);
  const over = await renew(
    new Request('https://app.example/', { headers: { cookie: jar.header } }),
  );
  expect(over.status).toBe('signed_out');
  expect(over.headers.get('cookie')).toBe('theme=dark');
  jar.keep(over.applyTo(new Response()));
  expect([...jar.cookies.keys()]).toEqual(['theme']);
});

it('an auth that does not answer ends no session, and is asked again by the next request', async () => {
  let isAway = true;
  const renew = createSessionRefresh({
    auth: system.auth.url,
    fetch: async (input, init) => {
      if (isAway) throw new TypeError('fetch failed');
      return await fetch(input, init);
    },
  });
  const jar = await loggedIn();
  await sleep(LIFE * 1_000 + 200);
  const request = () => new Request('https://app.example/', { headers: { cookie: jar.header } });
  const statusOf = ({ status, setCookie, headers }: RefreshedSession) => [
    status,
    setCookie.length,
    headers.get('cookie') === jar.header,
  ];
  expect(statusOf(await renew(request()))).toEqual(['unknown', 0, true]);
  isAway = false;
  expect(statusOf(await renew(request()))).toEqual(['signed_in', 2, false]);
});

it('what has copied a refresh token gets nothing from a renewal of another user agent', async () => {
  const seen = counting();
  const renew = createSessionRefresh({ auth: system.auth.url, fetch: seen.via });
  const jar = await loggedIn();
  await sleep(LIFE * 1_000 + 200);
  const by = async (userAgent: string) =>
    await renew(
      new Request('https://app.example/', {
        headers: { cookie: jar.header, 'user-agent': userAgent },
      }),
    );
  expect(await by(BROWSER)).toMatchObject({ status: 'signed_in' });
  expect(await by('another one')).toMatchObject({ status: 'signed_out' });
  expect(seen.asked).toHaveLength(2);
}, 30_000);

it('without cookies, or with one of them twice, nothing is asked', async () => {
  const seen = counting();
  const renew = createSessionRefresh({ auth: system.auth.url, fetch: seen.via });
  const of = async (cookie: string) =>
    (await renew(new Request('https://app.example/', { headers: { cookie } }))).status;
  expect(await of('theme=dark')).toBe('signed_out');
  expect(await of(`${refresh}=a; ${refresh}=b`)).toBe('signed_out');
  expect(seen.asked).toHaveLength(0);
});

it.each([true, false])(
  'the cookies have the names that the services give them (insecure: %s)',
  async (insecure) => {
    const names = tokenCookieNames(insecure);
    const headers = new Headers({ cookie: `${names.access}=of.a.token` });
    expect(accessTokenOf(headers, { insecureCookies: insecure })).toBe('of.a.token');
    const seen = counting();
    const renew = createSessionRefresh({
      auth: system.auth.url,
      insecureCookies: insecure,
      fetch: seen.via,
    });
    headers.set('cookie', `${names.refresh}=prt_unknown`);
    await renew({ headers });
    expect(seen.asked.map((asked) => asked.get('cookie'))).toEqual([
      `${names.refresh}=prt_unknown`,
    ]);
  },
);

it.each([
  ['auth', { auth: 'auth.example.com' }],
  ['insecureCookies', { auth: 'https://auth.example', insecureCookies: 'yes' }],
  ['addressOf', { auth: 'https://auth.example', addressOf: '10.0.0.1' }],
  ['fetch', { auth: 'https://auth.example', fetch: 7 }],
])('a wrong %s is a TypeError that names it', (name, options) => {
  for (const make of [createSessionRefresh, sessionMiddleware]) {
    expect(() => make(options as never)).toThrow(new RegExp(`\\b${name} has to be `));
  }
});

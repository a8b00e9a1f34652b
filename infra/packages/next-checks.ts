/**
 * Sessions in cookies behind Next.js, as `next start` serves it: a page and 20 calls at once over an access token
 * that has expired, by one server and by two that know nothing of each other. Of each server one refresh, for the browser's
 * user agent and address; all are answered in the name of the user; no reuse, and one session.
 */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { CookieJar } from './cookie-jar.ts';
import { NextApp } from './next-app.ts';
import { startRefreshWitness } from './refresh-witness.ts';
import type { Stage } from './stage.ts';
import type { Sequence } from './steps.ts';

/** Of an access token, in seconds: more than 20 calls take on a machine that is busy. */
const LIFE = 8;
const CALLS = 20;
/** Calls that a page makes later have the cookies of before it too, in milliseconds. */
const LATER_MS = 300;
const BROWSER = 'Browser/7.0 (of a user)';
const ADDRESS = '203.0.113.9';

export function nextChecks(stage: Stage): Sequence[] {
  let app: Promise<NextApp> | undefined;
  const appOfAll = (): Promise<NextApp> => (app ??= NextApp.build(stage));
  let system: Promise<TestSystem> | undefined;
  const systemOfAll = (): Promise<TestSystem> =>
    (system ??= startSystem({
      auth: {
        PORTCULLIS_ACCESS_TOKEN_SECONDS: String(LIFE),
        PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1',
      },
    }).then((started) => stage.use(started)));
  return [
    [
      {
        name: 'a project with Next.js, built',
        run: async () => {
          await appOfAll();
        },
      },
    ],
    ...['20', '22', '24'].map((node) =>
      [1, 2].map((count) => ({
        name: `a page and ${CALLS} calls, Node ${node}, servers: ${count}`,
        node,
        run: async () => {
          const file = stage.nodes.get(node) ?? process.execPath;
          return await loadOverExpiredToken(await appOfAll(), await systemOfAll(), file, count);
        },
      })),
    ),
  ];
}

async function loadOverExpiredToken(
  app: NextApp,
  system: TestSystem,
  node: string,
  count: number,
): Promise<string> {
  await using witness = await startRefreshWitness(system.auth.url);
  const addresses = { node, auth: witness.url, user: system.user.url };
  await using servers = await app.startSeveral(count, addresses);
  const { urls } = servers;
  const { jar, email } = await loggedIn(system.auth.url);
  await sleep(LIFE * 1_000 + 200);
  const before = jar.header;
  const [page, ...calls] = await Promise.all([
    ask(`${urls[0]}/`, jar, before),
    ...Array.from({ length: CALLS }, async (_, call) => {
      await sleep((LATER_MS * call) / CALLS);
      return await ask(`${urls[call % count]}/mine`, jar, before);
    }),
  ]);
  match(page, new RegExp(`<p id="user">200 ${email}</p>`));
  match(page, /<p id="session">unknown<\/p>/);
  for (const text of calls)
    equal(z.object({ email: z.string() }).parse(JSON.parse(text)).email, email);
  const one = { userAgent: BROWSER, address: ADDRESS };
  deepEqual(
    witness.seen,
    Array.from({ length: count }, () => one),
  );
  notEqual(jar.header, before);
  await isOneSession(system.auth.url, jar);
  // The cookies that the browser has now are good for the next time.
  await sleep(LIFE * 1_000 + 200);
  match(await ask(`${urls[0]}/`, jar), new RegExp(`>200 ${email}<`));
  equal(witness.seen.length, count + 1);
  return `refreshes: ${count}, of a token that was used: 0, sessions: 1`;
}

/** @throws Error for what is no good answer */
async function ask(url: string, jar: CookieJar, cookie = jar.header): Promise<string> {
  // As what stands in front of a server adds the address.
  const headers = { cookie, 'user-agent': BROWSER, 'x-real-ip': ADDRESS };
  const answer = await fetch(url, { headers });
  jar.keep(answer);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return text;
}

async function loggedIn(auth: string): Promise<{ jar: CookieJar; email: string }> {
  const [email, password] = [
    `${randomBytes(6).toString('hex')}@example.com`,
    randomBytes(18).toString('base64'),
  ];
  const post = async (path: string, body: object): Promise<Response> => {
    const headers = { 'content-type': 'application/json', 'user-agent': BROWSER };
    const answer = await fetch(auth + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  await post('/v1/register', { email, password, name: 'Ada' });
  const jar = new CookieJar();
  jar.keep(await post('/v1/login', { email, password, transport: 'cookie' }));
  return { jar, email };
}

const session = z.object({
  current: z.boolean(),
  user_agent: z.string().nullable(),
  address: z.string().nullable(),
});
const sessionsAnswer = z.object({ sessions: z.array(session) });

async function isOneSession(auth: string, jar: CookieJar): Promise<void> {
  const headers = { cookie: jar.header, 'sec-fetch-site': 'same-origin' };
  const answer = await fetch(`${auth}/v1/sessions`, { headers });
  const { sessions } = sessionsAnswer.parse(await answer.json());
  deepEqual(sessions, [{ current: true, user_agent: BROWSER, address: ADDRESS }]);
  const metrics = await (await fetch(`${auth}/metrics`)).text();
  match(metrics, /^portcullis_auth_refreshes_total\{outcome="rotated".*\} [1-9]/m);
  const reused = /^portcullis_auth_refreshes_total\{outcome="reused".*\} (\d+)/m.exec(metrics);
  equal(reused?.[1] ?? '0', '0');
}

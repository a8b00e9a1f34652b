/** The page of an example: built by Vite and served by it, with a session in cookies, and in a browser where there is one. */
import { freePort } from '@portcullis/testbed';
import { deepEqual, equal } from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import type { RunningExample } from './running-example.ts';
import { untilAccepted } from './protects-route.ts';
import { CHROMIUM, launchChromium } from '../browser/chromium.ts';
import { register, statusOf, type Account } from '../test/e2e/calls.ts';

/** One that the Chromium of the tests reaches; pages below of `localhost` may have cookies of `__Host-`. */
const HOST = 'app.localhost';
const CALLS_OF_TAB = 50;
/** How late a refresh reaches auth, so that both tabs find the token that has expired, in milliseconds. */
const REFRESH_LATE_MS = 150;

/** Has the page's client be reached from outside, by a line more. @param folder of the copy */
export function exposeClient(folder: string): void {
  const line = '\nObject.assign(globalThis, { portcullis });\n';
  appendFileSync(join(folder, 'page', 'src', 'main.tsx'), line);
}

/** @throws AssertionError for what is answered otherwise */
export async function servesPage(example: RunningExample): Promise<string> {
  const { authUrl, userUrl, port } = example;
  const pagePort = String(await freePort());
  const addresses = { AUTH: authUrl, USER: userUrl, API: `http://127.0.0.1:${port}` };
  await using served = example.start(
    'preview',
    ['--host', '127.0.0.1', '--port', pagePort],
    addresses,
  );
  const origin = `http://localhost:${pagePort}`;
  await untilAccepted(
    { ...example, log: served.log },
    async () => await statusOf(fetch(`${origin}/`)),
  );
  const account = await register(authUrl);
  await isSignedInByCookie(origin, account);
  if (CHROMIUM === undefined) return 'its page takes cookies; there is no Chromium to look at it';
  const seen = await isUsed(`http://${HOST}:${pagePort}`, account, example.lifeSeconds);
  return `its page takes cookies, and is logged in and out in Chromium, in both tabs; ${seen}`;
}

async function isSignedInByCookie(origin: string, account: Account): Promise<void> {
  const ofPage = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
  const login = await fetch(`${origin}/auth/v1/login`, {
    method: 'POST',
    headers: ofPage,
    body: JSON.stringify({ ...account, transport: 'cookie' }),
  });
  equal(login.status, 200, await login.text());
  const cookie = login.headers.getSetCookie().map((one) => one.split(';', 1)[0]);
  const headers = { ...ofPage, cookie: cookie.join('; ') };
  const orders = async (others: Record<string, string> = {}) =>
    await statusOf(fetch(`${origin}/api/orders`, { headers: { ...headers, ...others } }));
  equal(await orders(), 200, 'by cookie');
  const foreign = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
  equal(await orders(foreign), 403, 'by cookie, from a page of another site');
  const logout = await fetch(`${origin}/auth/v1/logout`, { method: 'POST', headers, body: '{}' });
  equal(logout.status, 200, await logout.text());
  equal(await orders(), 401, 'by cookie, after the logout');
}

/** @returns what was seen of an access token that has expired */
async function isUsed(
  origin: string,
  { email, password }: Account,
  lifeSeconds: number,
): Promise<string> {
  const browser = await launchChromium();
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(origin);
    await page.locator('[name=email]').fill(email);
    await page.locator('[name=password]').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('the first order of usr_').waitFor();
    const other = await context.newPage();
    await other.goto(origin);
    await other.getByText('Orders of Ada').waitFor();
    await sleep(lifeSeconds * 1_000 + 200);
    const seen = await callsAreAnswered(context, [page, other]);
    await page.getByRole('button', { name: 'Log out' }).click();
    for (const one of [page, other]) await one.getByRole('button', { name: 'Log in' }).waitFor();
    return seen;
  } finally {
    await browser.close();
  }
}

/** Over an access token that has expired, and with one refresh for all tabs. */
async function callsAreAnswered(context: BrowserContext, tabs: readonly Page[]): Promise<string> {
  let refreshes = 0;
  await context.route('**/refresh', async (route) => {
    refreshes += 1;
    await sleep(REFRESH_LATE_MS);
    await route.continue();
  });
  const calls = `Promise.all(Array.from({ length: ${CALLS_OF_TAB} }, async () =>
    (await portcullis.fetch('/api/orders')).status))`;
  const answers = await Promise.all(tabs.map((tab) => tab.evaluate<number[]>(calls)));
  const statuses = answers.flat();
  deepEqual(new Set(statuses), new Set([200]));
  equal(refreshes, 1, 'refreshes of an access token that has expired');
  return `${statuses.length} calls of ${tabs.length} tabs over an expired token: ${refreshes} refresh, no failure`;
}

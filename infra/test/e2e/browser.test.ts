/** Cookie mode, and the pages of the services, in a real browser. Skipped where there is none. */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import type { PortcullisClient, PortcullisClientOptions } from '@portcullis/client';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHROMIUM, launchChromium } from '../../browser/chromium.ts';
import { startFront, type Front } from '../../browser/front.ts';
import {
  get,
  logIn as logIntoAuth,
  post as postTo,
  register,
  statusOf,
  type Account,
} from './calls.ts';

declare global {
  /** In the page. */
  var createPortcullisClient: (options: PortcullisClientOptions) => PortcullisClient;
  var portcullis: PortcullisClient;
}

const APP = 'app.localhost';
/** A host of the same site, in other hands; and another site. */
const SIBLING = 'evil.app.localhost';
const ELSEWHERE = 'evil.localhost';
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+|prt_[\w-]{20}/;

function only<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined || list.length > 1) throw new Error(`${list.length} instead of one`);
  return one;
}

describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
  let system: TestSystem;
  let browser: Browser;
  let front: Front;
  let account: Account;
  let context: BrowserContext;
  let mails: string;

  beforeAll(async () => {
    mails = await mkdtemp(join(tmpdir(), 'portcullis-mails-'));
    [system, browser] = await Promise.all([
      startSystem({ auth: { PORTCULLIS_MAIL_FOLDER: mails } }),
      launchChromium(),
    ]);
    front = await startFront(system, APP);
    account = await register(system.auth.url);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await front?.[Symbol.asyncDispose]();
    await system?.[Symbol.asyncDispose]();
    await rm(mails, { recursive: true, force: true });
  });
  beforeEach(async () => {
    context = await browser.newContext();
    front.passed.length = 0;
  });
  afterEach(async () => context.close());

  async function open(host = APP): Promise<Page> {
    const page = await context.newPage();
    await page.goto(front.urlOf(host));
    await page.waitForFunction(() => 'createPortcullisClient' in globalThis);
    await page.evaluate(() => {
      const base = globalThis.location.origin;
      globalThis.portcullis = globalThis.createPortcullisClient({
        auth: `${base}/auth`,
        user: `${base}/user`,
        admin: `${base}/admin`,
        transport: 'cookie',
      });
    });
    return page;
  }
  const logIn = (page: Page) =>
    page.evaluate((credentials) => globalThis.portcullis.logIn(credentials), account);
  /** The e-mail address, or the code of the refusal. */
  const whoAmI = (page: Page): Promise<string> =>
    page.evaluate(() =>
      globalThis.portcullis.user.me.get.query().then(
        ({ email }) => email,
        (error: { code?: string }) => `refused: ${error.code}`,
      ),
    );
  const cookies = () => context.cookies(front.urlOf(APP));

  test('no token is readable by a script', async () => {
    const page = await open();
    const bodies: Promise<string>[] = [];
    page.on('response', (response) => void bodies.push(response.text().catch(() => '')));
    await logIn(page);
    expect(await whoAmI(page)).toBe(account.email);
    const kept = await cookies();
    expect(kept.map(({ name }) => name).toSorted()).toEqual([
      '__Host-portcullis-access',
      '__Host-portcullis-refresh',
    ]);
    for (const cookie of kept) {
      expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
      expect(cookie.value).toMatch(TOKEN);
    }
    const readable = await page.evaluate(() =>
      JSON.stringify([
        document.cookie,
        Object.entries(globalThis.localStorage),
        Object.entries(globalThis.sessionStorage),
      ]),
    );
    const { length } = bodies;
    expect(length).toBeGreaterThan(1);
    for (const text of [readable, ...(await Promise.all(bodies))]) expect(text).not.toMatch(TOKEN);
  });

  test('the session survives a reload, and the end of its access token, in two tabs at once', async () => {
    await logIn(await open());
    const [first, second] = [await open(), await open()];
    expect(await whoAmI(first)).toBe(account.email);
    for (let round = 0; round < 20; round += 1) {
      front.passed.length = 0;
      await context.clearCookies({ name: '__Host-portcullis-access' });
      expect(await Promise.all([whoAmI(first), whoAmI(second)])).toEqual([
        account.email,
        account.email,
      ]);
      const renewals = front.to('refresh').map(({ status }) => status);
      expect({ round, renewals }).toEqual({ round, renewals: [200] });
    }
  });

  const POSTS: [string, (url: string) => void][] = [
    [
      'a form of text/plain',
      (url) => {
        document.body.innerHTML = `<form method="post" enctype="text/plain" action="${url}"><input name="a" value="b"></form>`;
        document.forms[0]?.submit();
      },
    ],
    [
      'a form',
      (url) => {
        document.body.innerHTML = `<form method="post" action="${url}"></form>`;
        document.forms[0]?.submit();
      },
    ],
    [
      'a fetch',
      (url) => void fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include' }),
    ],
    ['a beacon', (url) => void navigator.sendBeacon(url)],
  ];
  test.each([
    ['a sibling', SIBLING, 'same-site', true],
    ['another site', ELSEWHERE, 'cross-site', false],
  ])('posts from %s are refused', async (_, host, site, bringsCookies) => {
    await logIn(await open());
    for (const [how, post] of POSTS) {
      front.passed.length = 0;
      const page = await open(host);
      // A form leaves its page, and with it the answer of this.
      void page.evaluate(post, front.urlOf(APP, '/auth/v1/logout')).catch(() => undefined);
      await expect.poll(() => front.passed.length, { message: how }).toBe(1);
      // That the sibling's brings the cookies shows that it is not SameSite which keeps it out.
      const { site: from, withTokens, status } = only(front.passed);
      expect([how, from, withTokens]).toEqual([how, site, bringsCookies]);
      expect(bringsCookies ? [403] : [401, 415]).toContain(status);
      if (how.startsWith('a form')) await page.waitForURL(/\/logout$/);
      await page.close();
    }
    expect(await whoAmI(await open())).toBe(account.email);
  });

  test('a sibling cannot read with the cookies either', async () => {
    await logIn(await open());
    const page = await open(SIBLING);
    const read = await page.evaluate(
      (url) =>
        fetch(url, { credentials: 'include' }).then(
          (response) => response.text(),
          () => 'not readable',
        ),
      front.urlOf(APP, '/user/v1/me'),
    );
    expect(read).toBe('not readable');
    expect(front.passed.at(-1)).toMatchObject({ site: 'same-site', status: 403 });
  });

  test('logout clears the cookies, in every tab, and is enforced', async () => {
    const [first, second] = [await open(), await open()];
    await logIn(first);
    expect(await whoAmI(second)).toBe(account.email);
    const stolen = await cookies();
    const receipt = await first.evaluate(() => globalThis.portcullis.logOut({ wait: 10_000 }));
    expect(receipt).toMatchObject({ confirmed: 2, expected: 2 });
    expect(await cookies()).toEqual([]);
    expect(await whoAmI(second)).toBe('refused: invalid_token');
    await context.addCookies(stolen);
    const access = stolen.find(({ name }) => name.endsWith('access'))?.value ?? '';
    expect(await statusOf(get(`${system.user.url}/v1/me`, access))).toBe(401);
    const answers = await second.evaluate(async () => [
      (await fetch('/user/v1/me')).status,
      (await fetch('/auth/v1/refresh', { method: 'POST' })).status,
    ]);
    expect(answers).toEqual([401, 401]);
  });

  test.each(['auth', 'user', 'admin'] as const)(
    'the pages of %s load, without an error or a request to anywhere else',
    async (name) => {
      const { url } = system[name];
      const page = await context.newPage();
      const problems: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning')
          problems.push(message.text());
      });
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('requestfailed', (request) => problems.push(request.url()));
      const asked = new Set<string>();
      page.on('request', (request) => {
        const requested = new URL(request.url());
        if (requested.protocol !== 'data:') asked.add(requested.origin);
      });
      await page.goto(`${url}/docs`);
      await page.locator('.opblock').first().waitFor();
      await page.locator('.opblock-summary-control').first().click();
      await page.locator('.opblock-body').first().waitFor();
      expect(problems).toEqual([]);
      expect([...asked]).toEqual([url]);
    },
  );

  /** The link of the one mail with this subject to this address, as a page below the app's host. */
  async function linkFor(email: string, subject: string): Promise<string> {
    const find = async (): Promise<string | undefined> => {
      for (const name of await readdir(mails)) {
        const mail = await readFile(join(mails, name), 'utf8');
        if (!mail.includes(`<${email}>`) || !mail.includes(`Subject: ${subject}`)) continue;
        return /^https?:\/\/[^/]+(\/account\/\S+#token=\S+)/m.exec(mail)?.[1];
      }
      return undefined;
    };
    await expect.poll(find, { timeout: 10_000 }).toBeDefined();
    return front.urlOf(APP, `/auth${await find()}`);
  }

  test('the link of a mail leads to a page that does what it says, once, and keeps the token to itself', async () => {
    const { email, password } = await register(system.auth.url);
    /** Types that into the page of the link, presses its button, and has it say what came of it. */
    const follow = async (subject: string, ...passwords: string[]): Promise<string[]> => {
      const page = await context.newPage();
      await page.goto(await linkFor(email, subject));
      await expect.poll(() => page.url()).not.toContain('#');
      const said: string[] = [];
      for (const typed of passwords) {
        await page.locator('input').fill(typed);
        const answered = page.waitForResponse((response) => response.url().includes('/v1/'));
        await page.locator('button').click();
        await (await answered).finished();
        await page.locator('[role=status]:not(:empty)').waitFor();
        said.push((await page.locator('[role=status]').textContent()) ?? '');
      }
      return said;
    };

    expect(await follow('Confirm your e-mail address', password)).toEqual([
      'Your address is confirmed.',
    ]);
    await postTo(`${system.auth.url}/v1/password/forgot`, { email });
    const other = 'a lantern above the western gate';
    const [refused, set] = await follow('Set a new password', 'password12345678', other);
    expect(refused).toMatch(/password/i);
    expect(set).toContain('Your password is set');
    await logIntoAuth(system.auth.url, { email, password: other });
    const [again] = await follow('Set a new password', `${other} again`);
    expect(again).not.toContain('is set');
    expect(front.passed.filter(({ target }) => target.includes('token'))).toEqual([]);
  });
});

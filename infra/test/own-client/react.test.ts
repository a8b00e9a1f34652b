/** The hooks of @portcullis/react, by react-dom in a real browser, against the system as it is. */
import type { SessionClient, PortcullisClient } from '@portcullis/client';
import { startSystem, testSeed, type TestSystem } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { build } from 'esbuild';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../paths.ts';
import { CHROMIUM, launchChromium } from '../../browser/chromium.ts';
import { startFront, type Front } from '../../browser/front.ts';
import { register, type Account } from '../e2e/calls.ts';
import { hundredCalls } from './expired-token.ts';

interface InPage {
  portcullis: SessionClient & Pick<PortcullisClient, 'user'>;
  rendersOfSession(): number;
}

const APP = 'app.localhost';
/** Of an access token, in seconds: more than 100 calls take on a machine that is busy. */
const LIFE = 15;

async function bundledPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'packages/react/test/page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['portcullis-source'],
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  return outputFiles[0]?.text ?? '';
}

describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
  let system: TestSystem;
  let browser: Browser;
  let front: Front;
  let account: Account;
  let context: BrowserContext;

  beforeAll(async () => {
    [system, browser] = await Promise.all([
      startSystem({ auth: { PORTCULLIS_ACCESS_TOKEN_SECONDS: String(LIFE) } }),
      launchChromium(),
    ]);
    front = await startFront(system, APP, { script: await bundledPage() });
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await front?.[Symbol.asyncDispose]();
    await system?.[Symbol.asyncDispose]();
  });
  const problems: string[] = [];
  beforeEach(async () => {
    account = await register(system.auth.url);
    context = await browser.newContext();
    problems.length = front.passed.length = 0;
    front.holdBack = () => Promise.resolve();
  });
  afterEach(async () => context.close());

  /** @param hash `#stored`: the tokens are in IndexedDB; in cookies unless given */
  async function open(hash = ''): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      // A 401 is written there by the browser, whatever the page does about it.
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isAnswer) problems.push(message.text());
    });
    await page.goto(front.urlOf(APP, `/${hash}`));
    await page.locator('#session').waitFor();
    return page;
  }
  const logIn = (page: Page): Promise<unknown> =>
    page.evaluate(
      (credentials) => (globalThis as unknown as InPage).portcullis.logIn(credentials),
      account,
    );
  const shown = async (page: Page) => [
    await page.locator('#session').textContent(),
    ...new Set(await page.locator('.user').allTextContents()),
  ];

  it('says whether a user is signed in, and who: asked for once by five components', async () => {
    const page = await open();
    await expect.poll(() => shown(page)).toEqual(['signed_out', 'signed_out']);
    await logIn(page);
    await expect.poll(() => shown(page)).toEqual(['signed_in', account.email]);
    expect(front.to('me.get')).toHaveLength(1);
    const renders = await page.evaluate(() => (globalThis as unknown as InPage).rendersOfSession());
    // Twice each, as in StrictMode: unknown, out, in.
    expect(renders).toBeLessThanOrEqual(8);
    await page.reload();
    await expect.poll(() => shown(page)).toEqual(['signed_in', account.email]);
    expect(problems).toEqual([]);
  });

  it('two tabs, 100 calls over a token that has expired: one refresh and no failure', async () => {
    const [first, second] = [await open('#stored'), await open('#stored')];
    await logIn(first);
    await expect.poll(() => shown(second)).toEqual(['signed_in', account.email]);
    await sleep(LIFE * 1_000 + 200);
    const seed = testSeed();
    const { brought, renewals, most } = await hundredCalls({
      front,
      lifeSeconds: LIFE,
      ahead: second,
      behind: first,
      calls: (page, count) =>
        page.evaluate(async (howMany) => {
          const { portcullis } = globalThis as unknown as InPage;
          const calls = Array.from({ length: howMany }, () => portcullis.user.me.get.query());
          return (await Promise.all(calls)).map(({ email }) => email);
        }, count),
      random: seededRandom(seed),
    });
    expect(brought).toEqual(Array.from({ length: 100 }, () => account.email));
    const statuses = renewals.map(({ status }) => status);
    expect({ seed, statuses: new Set(statuses) }).toEqual({ seed, statuses: new Set([200]) });
    expect({ seed, isMore: statuses.length > most }).toEqual({ seed, isMore: false });
    expect(await shown(second)).toEqual(['signed_in', account.email]);
  });

  it.each(['', '#stored'])(
    'a logout in one tab is seen in the other, which shows no user any more (%s)',
    async (hash) => {
      const [first, second] = [await open(hash), await open(hash)];
      await logIn(first);
      await expect.poll(() => shown(second)).toEqual(['signed_in', account.email]);
      await first.locator('button').click();
      await expect.poll(() => shown(first)).toEqual(['signed_out', 'signed_out']);
      await expect.poll(() => shown(second)).toEqual(['signed_out', 'signed_out']);
      expect(problems).toEqual([]);
    },
  );

  it('a user service that does not answer is no user, and no end of the session', async () => {
    const page = await open();
    await context.route('**/user/**', (route) => route.abort());
    await logIn(page);
    await expect.poll(() => shown(page)).toEqual(['signed_in', 'failed network']);
  });
});

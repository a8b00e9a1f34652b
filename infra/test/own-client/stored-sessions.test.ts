/** Sessions that outlive a page, in a real browser: storages, tabs that share one, and keys that no script can read. */
import type { PortcullisClient, SessionClient, tabStorage } from '@portcullis/client';
import type { IndexedDbStorage, indexedDbStorage } from '@portcullis/client/indexeddb';
import { freePort, startSystem, testSeed, type TestSystem } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM, launchChromium } from '../../browser/chromium.ts';
import { startFront, type Front } from '../../browser/front.ts';
import { register, type Account } from '../e2e/calls.ts';
import { hundredCalls } from './expired-token.ts';

type Kept = 'in IndexedDB' | 'in the tab';
/** What the page has. */
interface InPage {
  createPortcullisClient(options: object): PortcullisClient;
  tabStorage: typeof tabStorage;
  indexedDbStorage: typeof indexedDbStorage;
  client: SessionClient & Pick<PortcullisClient, 'user'>;
  storage: IndexedDbStorage;
  heard: string[];
}

const APP = 'app.localhost';
/** Of an access token, in seconds: more than 100 calls take on a machine that is busy. */
const LIFE = 8;
const ROUNDS = 6;

describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
  let system: TestSystem;
  let browser: Browser;
  let front: Front;
  let account: Account;
  let context: BrowserContext;

  beforeAll(async () => {
    const port = await freePort();
    const at = (service: string) => ({
      PORTCULLIS_PUBLIC_URL: `http://${APP}:${port}/${service}`,
    });
    [system, browser] = await Promise.all([
      startSystem({
        auth: { ...at('auth'), PORTCULLIS_ACCESS_TOKEN_SECONDS: String(LIFE) },
        user: at('user'),
        admin: at('admin'),
      }),
      launchChromium(),
    ]);
    front = await startFront(system, APP, { port });
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await front?.[Symbol.asyncDispose]();
    await system?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    account = await register(system.auth.url);
    context = await browser.newContext();
    front.passed.length = 0;
    front.holdBack = () => Promise.resolve();
  });
  afterEach(async () => context.close());

  async function open(kept: Kept): Promise<Page> {
    const page = await context.newPage();
    await page.goto(front.urlOf(APP));
    await start(page, kept);
    return page;
  }

  async function start(page: Page, kept: Kept): Promise<void> {
    await page.waitForFunction(() => 'indexedDbStorage' in globalThis);
    await page.evaluate((how) => {
      const here = globalThis as unknown as InPage;
      const base = globalThis.location.origin;
      const urls = { auth: `${base}/auth`, user: `${base}/user` };
      here.storage = here.indexedDbStorage();
      here.heard = [];
      here.client = here.createPortcullisClient(
        how === 'in the tab'
          ? { ...urls, storage: here.tabStorage() }
          : { ...urls, storage: here.storage, dpop: here.storage.dpopKey },
      );
      here.client.session.onSignedIn(() => here.heard.push('in'));
      here.client.session.onSignedOut((reason) => here.heard.push(reason));
    }, kept);
  }

  const inPage = <T>(page: Page, work: (page: InPage) => Promise<T>): Promise<T> =>
    page.evaluate<T>(`(${work.toString()})(globalThis)`);
  const logIn = (page: Page): Promise<unknown> =>
    page.evaluate(
      (credentials) => (globalThis as unknown as InPage).client.logIn(credentials),
      account,
    );
  const whoAmI = (page: Page): Promise<string> =>
    inPage(page, ({ client }) =>
      client.user.me.get.query().then(
        ({ email }) => email,
        (error: { code?: string }) => `refused: ${error.code}`,
      ),
    );
  const statusOf = (page: Page): Promise<string> =>
    inPage(page, async ({ client }) => (await client.session.ready()).status);
  const heardBy = (page: Page): Promise<string[]> => inPage(page, async ({ heard }) => heard);

  it.each<Kept>(['in IndexedDB', 'in the tab'])('%s it survives a reload', async (kept) => {
    const page = await open(kept);
    expect(await statusOf(page)).toBe('signed_out');
    await logIn(page);
    await page.reload();
    await start(page, kept);
    expect(await inPage(page, async ({ client }) => client.session.state.status)).toBe('unknown');
    expect(await statusOf(page)).toBe('signed_in');
    expect(await whoAmI(page)).toBe(account.email);
    // Over a renewal too: with the key of before, where it is bound.
    await sleep(LIFE * 1_000 + 200);
    expect(await whoAmI(page)).toBe(account.email);
    expect(await heardBy(page)).toEqual([]);
    await inPage(page, ({ client }) => client.logOut());
    expect(await statusOf(page)).toBe('signed_out');
  });

  it('in IndexedDB: the private key cannot be read, and is one for tabs that make it at once', async () => {
    const pages = [await open('in IndexedDB'), await open('in IndexedDB')];
    const keys = await Promise.all(
      pages.map((page) =>
        inPage(page, async ({ storage }) => {
          const { publicKey, privateKey } = await storage.dpopKey();
          const read = await crypto.subtle.exportKey('jwk', privateKey).then(
            () => 'read',
            (error: Error) => error.name,
          );
          const { x } = await crypto.subtle.exportKey('jwk', publicKey);
          return { read, x, extractable: privateKey.extractable };
        }),
      ),
    );
    expect(keys[0]).toMatchObject({ read: 'InvalidAccessError', extractable: false });
    expect(keys[1]).toEqual(keys[0]);
  });

  // A nonce of auth is known to the tab that has logged in alone: it makes a difference which of them renews.
  it.each(['the tab of the login', 'the other one'])(
    'in IndexedDB: two tabs and 100 calls over a token that has expired renew it once, %s first',
    async (which) => {
      const seed = testSeed();
      const [first, second] = [await open('in IndexedDB'), await open('in IndexedDB')];
      await logIn(first);
      expect(await whoAmI(second)).toBe(account.email);
      await sleep(LIFE * 1_000 + 200);
      const isFirst = which === 'the tab of the login';
      const { brought, renewals, nonces, most } = await hundredCalls({
        front,
        lifeSeconds: LIFE,
        ahead: isFirst ? first : second,
        behind: isFirst ? second : first,
        calls: (page, count) =>
          page.evaluate(async (howMany) => {
            const { user } = (globalThis as unknown as InPage).client;
            const calls = Array.from({ length: howMany }, () => user.me.get.query());
            return (await Promise.all(calls)).map(({ email }) => email);
          }, count),
        random: seededRandom(seed),
      });
      expect(brought).toEqual(Array.from({ length: 100 }, () => account.email));
      const statuses = renewals.map(({ status }) => status);
      expect({ seed, statuses: new Set(statuses) }).toEqual({ seed, statuses: new Set([200]) });
      expect({ seed, isMore: statuses.length > most }).toEqual({ seed, isMore: false });
      // Nobody who has one asks for it, and nobody asks twice.
      expect(nonces.length).toBeLessThanOrEqual(1);
      if (most === 1) expect(nonces).toHaveLength(isFirst ? 0 : 1);
      expect(await Promise.all([statusOf(first), statusOf(second)])).toEqual([
        'signed_in',
        'signed_in',
      ]);
    },
  );

  it('in IndexedDB: a tab that has not spoken to auth yet is told a nonce, and renews once', async () => {
    const [first, second] = [await open('in IndexedDB'), await open('in IndexedDB')];
    await logIn(first);
    expect(await whoAmI(second)).toBe(account.email);
    front.passed.length = 0;
    const renew = (page: Page) => inPage(page, ({ client }) => client.renew());
    const answers = () => front.to('refresh').map(({ status, error }) => error ?? status);
    await renew(second);
    expect(answers()).toEqual(['use_dpop_nonce', 200]);
    await renew(first);
    const token = await renew(second);
    expect(answers()).toEqual(['use_dpop_nonce', 200, 200, 200]);
    expect(await inPage(first, ({ client }) => client.accessToken())).toBe(token);
    expect(await whoAmI(first)).toBe(account.email);
  });

  it('in IndexedDB: a login and a logout in one tab are seen in the other', async () => {
    const [first, second] = [await open('in IndexedDB'), await open('in IndexedDB')];
    expect(await statusOf(second)).toBe('signed_out');
    await logIn(first);
    await expect.poll(() => heardBy(second)).toEqual(['in']);
    expect(await whoAmI(second)).toBe(account.email);
    await inPage(second, ({ client }) => client.logOut());
    await expect.poll(() => heardBy(first)).toEqual(['in', 'logged_out']);
    const state = await inPage(first, async ({ client }) => client.session.state);
    expect(state).toEqual({ status: 'signed_out', reason: 'logged_out' });
    expect(await whoAmI(first)).toBe('refused: invalid_token');
  });

  it('in IndexedDB: a refresh in one tab does not undo the logout in the other', async () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const [first, second] = [await open('in IndexedDB'), await open('in IndexedDB')];
    for (let round = 0; round < ROUNDS; round += 1) {
      await logIn(first);
      expect(await statusOf(second)).toBe('signed_in');
      let underWay = (): void => {};
      const reached = new Promise<void>((resolve) => (underWay = resolve));
      const holdMs = Math.floor(random() * 60);
      front.holdBack = async (target) => {
        if (!target.endsWith('/refresh')) return;
        underWay();
        await sleep(holdMs);
      };
      const renewed = inPage(first, ({ client }) => client.renew().catch(() => 'refused'));
      await reached;
      await sleep(Math.floor(random() * 60));
      await inPage(second, ({ client }) => client.logOut());
      await renewed;
      const after = { seed, round, holdMs };
      const kept = await inPage(second, async ({ storage }) => (await storage.get()) ?? 'nothing');
      expect({ ...after, kept }).toEqual({ ...after, kept: 'nothing' });
      await expect.poll(() => statusOf(first)).toBe('signed_out');
      expect(await whoAmI(first)).toBe('refused: invalid_token');
    }
  }, 120_000);

  it('in the tab: a tab that is duplicated begins without a session, and the first keeps its own', async () => {
    const first = await open('in the tab');
    await logIn(first);
    const [copy] = await Promise.all([
      context.waitForEvent('page'),
      first.evaluate((url) => void globalThis.open(url), front.urlOf(APP)),
    ]);
    await start(copy, 'in the tab');
    expect(await copy.evaluate(() => globalThis.sessionStorage.length)).toBe(1);
    expect(await statusOf(copy)).toBe('signed_out');
    await sleep(LIFE * 1_000 + 200);
    expect(await whoAmI(first)).toBe(account.email);
    expect(await whoAmI(copy)).toBe('refused: invalid_token');
    await logIn(copy);
    expect(await whoAmI(copy)).toBe(account.email);
  });

  it('a call to a service that does not allow the page says so', async () => {
    const page = await open('in the tab');
    const said = await page.evaluate(async (url) => {
      const { createPortcullisClient } = globalThis as unknown as InPage;
      const foreign = createPortcullisClient({ auth: url, user: url });
      const calls = [
        foreign.user.me.get.query(),
        foreign.fetch(`${url}/v1/me`),
        foreign.logIn({ email: 'a@example.test', password: 'x' }),
      ];
      const errors = (await Promise.allSettled(calls)) as { reason: { code: string } & Error }[];
      return errors.map(({ reason }) => [reason.code, reason.message]);
    }, system.auth.url);
    for (const [code, message] of said) {
      expect(code).toBe('network');
      expect(message).toContain('CORS');
      expect(message).toContain(`PORTCULLIS_WEB_ORIGINS`);
      expect(message).toContain(front.urlOf(APP).replace(/\/$/, ''));
    }
    expect(said).toHaveLength(3);
  });
});

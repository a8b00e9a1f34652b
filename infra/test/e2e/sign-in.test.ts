/** Signing in on the pages of auth with scripts off, in a real browser, and back to a program: with the SDK, and without a line of ours. */
import { createPortcullisClient } from '@portcullis/client';
import {
  appDatabase,
  createTestBed,
  startAuth,
  type AuthProcess,
  type TestBed,
} from '@portcullis/testbed';
import { once } from 'node:events';
import * as oauth from 'oauth4webapi';
import { createServer, type Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, launchChromium } from '../../browser/chromium.ts';
import { register, type Account } from './calls.ts';
import { problemsOf, signInStates } from './sign-in-states.ts';
import { ensureApplication, oneTimeCode, registerWithApp } from './signing-in.ts';

const CLIENT = 'cli_shop';

describe.skipIf(CHROMIUM === undefined)('in Chromium, without scripts', () => {
  let bed: TestBed<'auth'>;
  let auth: AuthProcess;
  let browser: Browser;
  let account: Account;
  let application: Server;
  let redirect: string;

  beforeAll(async () => {
    bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
    [auth, browser] = await Promise.all([startAuth(bed), launchChromium()]);
    account = await register(auth.url);
    application = createServer((_, response) => response.end('back at the shop'));
    application.listen(0, '127.0.0.1');
    await once(application, 'listening');
    const address = application.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    redirect = `http://127.0.0.1:${address.port}/back`;
    await ensureApplication(auth, { id: CLIENT, name: 'The shop', redirect });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    application?.close();
    await bed?.dispose();
  });

  async function newPage(): Promise<Page> {
    const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en' });
    return await context.newPage();
  }

  async function signIn(page: Page, { email, password }: Account): Promise<void> {
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  test('a user signs in for an application, and the SDK has the session', async () => {
    const portcullis = createPortcullisClient({ auth: auth.url });
    const page = await newPage();
    let asked = '';
    const navigate = (url: string): void => {
      asked = url;
    };
    await portcullis.signIn({ redirect, client: CLIENT, navigate });
    await page.goto(asked);
    expect(await page.title()).toBe('Sign in');
    expect(await page.getByText('to continue to').textContent()).toContain('The shop');
    await signIn(page, { ...account, password: 'not this one at all' });
    expect(await page.getByRole('alert').textContent()).toBe(
      'The e-mail address or the password is wrong.',
    );
    await signIn(page, account);
    await page.waitForURL(`${redirect}?**`);
    expect(await page.textContent('body')).toBe('back at the shop');
    await expect(portcullis.completeSignIn(`${redirect}?code=pac_x&state=y`)).rejects.toThrow();
    const result = await portcullis.completeSignIn(page.url());
    expect(result?.status).toBe('logged_in');
    const { sessions } = await portcullis.auth.sessions.list.query();
    expect(sessions.find(({ current }) => current)?.id).toBe(result?.sessionId);
    expect(await portcullis.completeSignIn(redirect)).toBeUndefined();
    await portcullis.logOut();
  });

  test('a user signs in for a program with oauth4webapi', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(auth.url);
    const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
    const server = await oauth.processDiscoveryResponse(issuer, discovered);
    const client = { client_id: CLIENT };
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const asked = new URL(server.authorization_endpoint ?? '');
    asked.search = new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT,
      redirect_uri: redirect,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const page = await newPage();
    await page.goto(asked.href);
    await signIn(page, account);
    await page.waitForURL(`${redirect}?**`);
    const answer = oauth.validateAuthResponse(server, client, new URL(page.url()), state);
    const tokens = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        ...([server, client, oauth.None(), answer, redirect, verifier, insecure] as const),
      ),
    );
    expect(tokens.token_type).toBe('bearer');
    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(
        ...([server, client, oauth.None(), tokens.refresh_token ?? '', insecure] as const),
      ),
    );
    expect(refreshed.access_token).not.toBe(tokens.access_token);
  });

  test('a user with an authenticator app signs in by a code of it, and by a recovery code', async () => {
    const user = await registerWithApp(auth);
    const [recoveryCode = ''] = user.recoveryCodes;
    for (const [method, answer] of [
      ['Code of your authenticator app', () => oneTimeCode(user.secret, 1)],
      ['Recovery code', () => recoveryCode],
    ] as const) {
      const portcullis = createPortcullisClient({ auth: auth.url });
      const page = await newPage();
      let asked = '';
      const navigate = (url: string): void => {
        asked = url;
      };
      await portcullis.signIn({ redirect, client: CLIENT, navigate });
      await page.goto(asked);
      await signIn(page, user);
      expect(await page.title()).toBe('One more step');
      await page.getByLabel(method).check();
      await page.getByLabel('Code', { exact: true }).fill('000000');
      await page.getByRole('button', { name: 'Continue' }).click();
      expect(await page.getByRole('alert').textContent()).toContain('wrong');
      // What was chosen stays so.
      expect(await page.getByLabel(method).isChecked()).toBe(true);
      await page.getByLabel('Code', { exact: true }).fill(answer());
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(`${redirect}?**`);
      expect((await portcullis.completeSignIn(page.url()))?.status).toBe('logged_in');
      expect((await portcullis.auth.factors.list.query()).totp).not.toBeNull();
    }
  });

  test(
    'every page is in order, and fits a phone, in both themes',
    { timeout: 300_000 },
    async () => {
      const user = await registerWithApp(auth);
      const context = await browser.newContext({ locale: 'en' });
      const states = signInStates({ auth: auth.url, client: CLIENT, redirect, account, user });
      const problems: string[] = [];
      for (const [name, reach] of Object.entries(states)) {
        const page = await context.newPage();
        await reach(page);
        problems.push(...(await problemsOf(page, name)));
        await page.close();
      }
      expect(problems).toEqual([]);
    },
  );

  test('a user signs in and out without an application', async () => {
    const page = await newPage();
    await page.goto(`${auth.url}/signin`);
    await signIn(page, account);
    await page.waitForURL('**/signout?signed-in');
    const cookies = await page.context().cookies();
    expect(cookies.map(({ name }) => name).toSorted()).toEqual([
      '__Host-portcullis-access',
      '__Host-portcullis-refresh',
    ]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await page.getByRole('heading').textContent()).toBe('You are signed out');
    expect(await page.context().cookies()).toEqual([]);
  });
});

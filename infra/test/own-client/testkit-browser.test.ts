/** A session of the testkit in a real browser: pages and a service of one's own, and no other server. */
import type { createPortcullisClient } from '@portcullis/client';
import { createTestIssuer, signInBrowser, type TestIssuer } from '@portcullis/testkit';
import { createVerifier, type Verifier } from '@portcullis/verify';
import { answerErrors, protect } from '@portcullis/verify/express';
import { build } from 'esbuild';
import express from 'express';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, launchChromium } from '../../browser/chromium.ts';

interface InPage {
  createPortcullisClient: typeof createPortcullisClient;
}

async function bundledSdk(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { createPortcullisClient } from '@portcullis/client';
        Object.assign(globalThis, { createPortcullisClient });`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['portcullis-source'],
  });
  return outputFiles[0]?.text ?? '';
}

describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
  let issuer: TestIssuer;
  let verifier: Verifier;
  let server: Server;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    verifier = await createVerifier({ ...issuer.verifierOptions(), service: 'orders' });
    await verifier.ready();
    const app = express();
    const support = protect(verifier, { cookies: {}, require: { role: 'support' } });
    const sdk = await bundledSdk();
    app.get('/orders', support, (request, response) => {
      response.send(support.callerOf(request).sub);
    });
    app.get('/sdk.js', (_, response) => {
      response.type('text/javascript').send(sdk);
    });
    app.get('/', (_, response) => {
      response.send('<!doctype html><script type="module" src="/sdk.js"></script>');
    });
    app.use(answerErrors);
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://app.localhost:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await verifier?.[Symbol.asyncDispose]();
    await issuer?.[Symbol.asyncDispose]();
  });

  it('pages have the session of a user of one line, until it is revoked', async () => {
    await using context = await browser.newContext();
    const user = await issuer.signIn({ roles: ['support'] });
    const auth = `${url}/auth`;
    await signInBrowser(context, user, { url, auth });
    const page = await context.newPage();
    await page.goto(url);
    await page.waitForFunction(() => 'createPortcullisClient' in globalThis);
    const found = await page.evaluate(async (base) => {
      const { createPortcullisClient: create } = globalThis as unknown as InPage;
      const client = create({
        auth: `${base}/auth`,
        services: { orders: { url: `${base}/orders` } },
        transport: 'cookie',
      });
      const answer = await client.fetch(`${base}/orders`);
      return { state: client.session.state, text: await answer.text(), cookie: document.cookie };
    }, url);
    expect(found).toMatchObject({
      state: { status: 'signed_in', sessionId: user.sessionId, refreshing: false },
      text: user.userId,
      cookie: '',
    });
    const statusOf = async () => await page.evaluate(async () => (await fetch('/orders')).status);
    expect(await statusOf()).toBe(200);
    issuer.revoke(user);
    expect(await statusOf()).toBe(401);
  });

  it('a user who may not, and none, are refused; and a wrong address is a TypeError', async () => {
    await using context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    const statusOf = async () => await page.evaluate(async () => (await fetch('/orders')).status);
    expect(await statusOf()).toBe(401);
    await signInBrowser(context, await issuer.signIn(), { url });
    expect(await statusOf()).toBe(403);
    const user = await issuer.signIn();
    await expect(signInBrowser(context, user, { url: 'app.localhost' })).rejects.toThrow(TypeError);
    const none = { token: 'none', sessionId: user.sessionId };
    await expect(signInBrowser(context, none, { url })).rejects.toThrow(TypeError);
  });
});

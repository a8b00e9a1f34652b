/** What a server that renders pages makes of an answer of auth, whatever its own settings give. */
import { expect, it, vi } from 'vitest';
import { cookieNames } from '../src/cookie-header.ts';
import { createSessionRefresh, sessionMiddleware, type NodeResponse } from '../src/ssr.ts';

const { access, refresh } = cookieNames(false);
const cookie = `${refresh}=before`;
const renewed = async (): Promise<Response> =>
  new Response('{}', {
    headers: [
      ['set-cookie', `${access}=a; Path=/; Secure; HttpOnly`],
      ['set-cookie', `${refresh}=r; Path=/; Secure; HttpOnly`],
    ],
  });
const options = { auth: 'https://auth.example', fetch: renewed };

it('an answer that brings new cookies is stored nowhere', async () => {
  const { applyTo } = await createSessionRefresh(options)({ headers: new Headers({ cookie }) });
  const page = applyTo(new Response('', { headers: { 'cache-control': 'public, s-maxage=600' } }));
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.getSetCookie()).toHaveLength(2);
});

it('one that brings none is as it was', async () => {
  const { applyTo } = await createSessionRefresh(options)({ headers: new Headers() });
  const page = applyTo(new Response('', { headers: { 'cache-control': 'public' } }));
  expect(page.headers.get('cache-control')).toBe('public');
});

it('the same behind the middleware of Node', async () => {
  const sent: [string, unknown][] = [];
  const response: NodeResponse = {
    setHeader: (name, value) => sent.push([name, value]),
    appendHeader: (name, value) => sent.push([name, value]),
  };
  const request = { headers: { cookie }, rawHeaders: ['Cookie', cookie], socket: {} };
  await new Promise((resolve) => {
    sessionMiddleware(options)(request, response, resolve);
  });
  expect(sent.map(([name]) => name)).toEqual(['cache-control', 'set-cookie']);
  expect(sent[0]?.[1]).toBe('no-store');
});

it('an address that no header can have is no answer, and nothing goes unhandled', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const ask = createSessionRefresh({ ...options, addressOf: () => '203.0.113.9 \u{1F6A7}' });
  const session = await ask({ headers: new Headers({ cookie }) });
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', unhandled);
  expect(session.status).toBe('unknown');
  expect(unhandled).not.toHaveBeenCalled();
});

it('what a stranger makes long is not kept', async () => {
  let asked = 0;
  const ask = createSessionRefresh({
    ...options,
    fetch: () => {
      asked += 1;
      return renewed();
    },
  });
  const timesAsked = async (sent: Record<string, string>): Promise<number> => {
    asked = 0;
    for (let time = 0; time < 2; time += 1) await ask({ headers: new Headers(sent) });
    return asked;
  };
  expect(await timesAsked({ cookie })).toBe(1);
  expect(await timesAsked({ cookie: `${refresh}=${'x'.repeat(2_048)}` })).toBe(2);
  expect(await timesAsked({ cookie, 'user-agent': 'x'.repeat(2_048) })).toBe(2);
});

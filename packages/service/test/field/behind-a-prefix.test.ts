/** Faults from the field: the services behind a proxy that takes a prefix off. */
import { createAdminRouter, createAuthRouter, createUserRouter } from '@portcullis/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Disposal } from '../../src/index.ts';
import { startSmallService } from '../small-service.ts';
import { startStrippingProxy } from './stripping-proxy.ts';

const ROUTERS = {
  auth: createAuthRouter({ administration: {} } as never),
  user: createUserRouter({} as never),
  admin: createAdminRouter({} as never),
};

const running = new Disposal();
let origin: string;
beforeAll(async () => {
  const services = new Map<string, string>();
  for (const [name, router] of Object.entries(ROUTERS)) {
    const service = running.use(await startSmallService({ router }));
    services.set(`/${name}`, service.origin);
  }
  ({ origin } = running.use(await startStrippingProxy(services)));
});
afterAll(async () => await running[Symbol.asyncDispose]());

it.each(Object.keys(ROUTERS))('H3: the page of %s finds all of its parts', async (name) => {
  const page = `${origin}/${name}/docs`;
  const html = await (await fetch(page)).text();
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '');
  expect(parts.length).toBeGreaterThan(3);
  for (const part of parts) {
    const address = new URL(part, page).href;
    expect([address, (await fetch(address)).status]).toEqual([address, 200]);
  }
});

it.each(Object.keys(ROUTERS))(
  'H3: the document of %s names addresses that are there',
  async (name) => {
    const page = `${origin}/${name}/docs`;
    const init = await (await fetch(`${origin}/${name}/docs/init.js`)).text();
    const [, written = ''] = /url: (?:new URL\()?'([^']+)'/.exec(init) ?? [];
    const document = new URL(written, page).href;
    const described = await fetch(document);
    expect([document, described.status]).toEqual([`${origin}/${name}/openapi.json`, 200]);
    const { servers, paths }: any = await described.json();
    const base = new URL(servers[0].url, document).href.replace(/\/$/, '');
    const readable = Object.entries<any>(paths).filter(([, item]) => 'get' in item);
    expect(readable.length).toBeGreaterThan(0);
    for (const [path] of readable) {
      // Refused for want of a token by the service itself, and not by the proxy.
      const { status, headers } = await fetch(base + path);
      expect([path, status]).toEqual([path, 401]);
      expect(headers.get('x-request-id')).toBeTruthy();
    }
  },
);

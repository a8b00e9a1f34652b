/** On a server nothing is known of the session, and nothing is asked for. */
import { createPortcullisClient } from '@portcullis/client';
import { createElement as h, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import { PortcullisProvider, usePortcullis, useSession, useUser } from '../src/index.ts';

function Page(): ReactNode {
  return h('p', null, useSession().status, ' ', useUser().status);
}

test('a page is rendered as unknown', () => {
  const asked: unknown[] = [];
  const client = createPortcullisClient({
    auth: 'https://auth.example',
    user: 'https://user.example',
    fetch: (input) => {
      asked.push(input);
      return Promise.reject(new TypeError('no network'));
    },
  });
  const html = renderToString(h(PortcullisProvider, { client }, h(Page)));
  expect(html.replaceAll('<!-- -->', '')).toBe('<p>unknown loading</p>');
  expect(asked).toEqual([]);
});

test.each([useSession, useUser, usePortcullis])('without a provider %o says so', (hook) => {
  const Lonely = (): ReactNode => {
    hook();
    return null;
  };
  expect(() => renderToString(h(Lonely))).toThrow(/put one around the app/);
});

/**
 * Run in a project of its own by `npm run pack:check`: a page with the hooks is rendered on a server, and the defaults for
 * TanStack Query count how often a query is asked. What the hooks say in a browser is in `infra/test/own-client/react.test.ts`.
 */
import { createPortcullisClient, PortcullisError } from '@portcullis/client';
import {
  clearOnSignOut,
  PortcullisProvider,
  queryDefaults,
  useSession,
  useUser,
} from '@portcullis/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { equal, rejects } from 'node:assert/strict';
import { createElement as h, version, type ReactElement } from 'react';
import { renderToString } from 'react-dom/server';

const asked: unknown[] = [];
const client = createPortcullisClient({
  auth: 'https://auth.example',
  user: 'https://user.example',
  fetch: (input) => {
    asked.push(input);
    return Promise.reject(new TypeError('no network'));
  },
});
const queries = new QueryClient({ defaultOptions: queryDefaults() });
clearOnSignOut(queries, client);

function Page(): ReactElement {
  return h('p', null, useSession().status, ' ', useUser().status);
}
const html = renderToString(
  h(PortcullisProvider, { client }, h(QueryClientProvider, { client: queries }, h(Page))),
);
equal(html.replaceAll('<!-- -->', ''), '<p>unknown loading</p>');
equal(asked.length, 0);

const account = { email: 'ada@example.com', password: 'a lantern above the western gate' };
await rejects(
  queries.fetchQuery({ queryKey: ['no answer'], queryFn: () => client.logIn(account) }),
  { code: 'network' },
);
equal(asked.length, 4);
const refusals: unknown[] = [];
const refused = (): Promise<never> => {
  refusals.push('refused');
  return Promise.reject(new PortcullisError('insufficient_scope', { status: 403 }));
};
await rejects(queries.fetchQuery({ queryKey: ['refused'], queryFn: refused }));
equal(refusals.length, 1);
queries.clear();
console.log(`React ${version}: four times without an answer, once when refused`);

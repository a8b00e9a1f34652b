import { createPortcullisClient } from '@portcullis/client';
import {
  clearOnSignOut,
  PortcullisProvider,
  queryDefaults,
  useSession,
  useUser,
} from '@portcullis/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createElement as h } from 'react';

const portcullis = createPortcullisClient({
  auth: 'http://localhost:4000',
  user: 'http://localhost:4001',
  transport: 'cookie',
});
const queries = new QueryClient({ defaultOptions: queryDefaults() });
clearOnSignOut(queries, portcullis);

function Greeting() {
  const session = useSession();
  const { user } = useUser();
  if (session.status === 'unknown') return h('p', null, '…');
  if (session.status === 'signed_out') return h('p', null, 'Log in.');
  return h('button', { onClick: () => portcullis.logOut() }, `Log ${user?.name ?? 'me'} out`);
}

export const app = h(
  PortcullisProvider,
  { client: portcullis },
  h(QueryClientProvider, { client: queries }, h(Greeting)),
);

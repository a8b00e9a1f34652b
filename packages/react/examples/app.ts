import { createPortcullisClient } from '@portcullis/client';
import {
  clearOnSignOut,
  PortcullisProvider,
  queryDefaults,
  useSession,
  useUser,
} from '@portcullis/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createElement as h, useState } from 'react';

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
  const [notEnded, setNotEnded] = useState(false);
  const logOut = () =>
    portcullis.logOut().then(
      () => setNotEnded(false),
      () => setNotEnded(true), // auth did not answer: the session lives
    );
  if (session.status === 'unknown') return h('p', null, '…');
  if (session.status === 'signed_in') {
    return h('button', { onClick: logOut }, `Log ${user?.name ?? 'me'} out`);
  }
  if (notEnded) return h('button', { onClick: logOut }, 'Your session has not ended: end it');
  return h('p', null, 'Log in.');
}

export const app = h(
  PortcullisProvider,
  { client: portcullis },
  h(QueryClientProvider, { client: queries }, h(Greeting)),
);

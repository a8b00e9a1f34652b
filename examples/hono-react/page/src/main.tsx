import { createPortcullisClient } from '@portcullis/client';
import { clearOnSignOut, PortcullisProvider, queryDefaults, useSession } from '@portcullis/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LoginForm } from './login-form.tsx';
import { Orders } from './orders.tsx';

const { origin } = window.location;
const portcullis = createPortcullisClient({
  auth: `${origin}/auth`,
  user: `${origin}/user`,
  services: { api: { url: `${origin}/api` } },
  transport: 'cookie', // no script of a page can read the tokens
});
const queries = new QueryClient({ defaultOptions: queryDefaults() });
clearOnSignOut(queries, portcullis);

function Page() {
  const { status } = useSession(); // of all tabs
  if (status === 'unknown') return <p>…</p>;
  if (status === 'signed_out') return <LoginForm logIn={(one) => portcullis.logIn(one)} />;
  return <Orders fetch={portcullis.fetch} logOut={() => portcullis.logOut()} />;
}

createRoot(document.body.appendChild(document.createElement('main'))).render(
  <StrictMode>
    <PortcullisProvider client={portcullis}>
      <QueryClientProvider client={queries}>
        <Page />
      </QueryClientProvider>
    </PortcullisProvider>
  </StrictMode>,
);

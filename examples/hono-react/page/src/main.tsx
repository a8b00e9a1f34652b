import { createPortcullisClient, type Credentials } from '@portcullis/client';
import { clearOnSignOut, PortcullisProvider, queryDefaults, useSession } from '@portcullis/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useEffect, useState } from 'react';
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
  const [notEnded, setNotEnded] = useState(false);
  // It rejects when auth does not answer: this page is signed out, and the session lives.
  const logOut = () =>
    portcullis.logOut().then(
      () => setNotEnded(false),
      () => setNotEnded(true),
    );
  const logIn = (one: Credentials) => portcullis.logIn(one).then(() => setNotEnded(false));
  if (status === 'unknown') return <Unknown />;
  if (status === 'signed_in') return <Orders fetch={portcullis.fetch} logOut={logOut} />;
  return (
    <>
      {notEnded && (
        <p>
          Your session has not ended yet.{' '}
          <button type="button" onClick={() => void logOut()}>
            End it
          </button>
        </p>
      )}
      <LoginForm logIn={logIn} register={(one) => portcullis.auth.register.mutate(one)} />
    </>
  );
}

/** Until auth has answered, nothing is known of a session. The provider asks once; this asks again. */
function Unknown() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const asking = setInterval(() => {
      setLate(true);
      portcullis.session.ready().catch(() => {}); // known: another view takes the place of this one
    }, 5_000);
    return () => clearInterval(asking);
  }, []);
  return <p>{late ? 'The service does not answer. We go on trying.' : '…'}</p>;
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

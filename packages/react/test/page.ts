/**
 * A page of React that infra loads in a browser, from here in its tests, and in a project of its own in `npm run pack:check`: what the
 * hooks say, and how often they have said it.
 */
import { createPortcullisClient } from '@portcullis/client';
import { indexedDbStorage } from '@portcullis/client/indexeddb';
import { PortcullisProvider, usePortcullis, useSession, useUser } from '@portcullis/react';
import { createElement as h, StrictMode, version, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';

const { origin, hash } = globalThis.location;
const addresses = { auth: `${origin}/auth`, user: `${origin}/user` };
const portcullis = createPortcullisClient(
  hash === '#stored'
    ? { ...addresses, storage: indexedDbStorage() }
    : { ...addresses, transport: 'cookie' },
);
let renders = 0;

function Session(): ReactNode {
  renders += 1;
  const session = useSession();
  return h('p', { id: 'session' }, session.status);
}

function User(): ReactNode {
  const { status, user, error } = useUser();
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return h('p', { className: 'user' }, user?.email ?? `${status} ${code}`.trim());
}

function LogOut(): ReactNode {
  const client = usePortcullis();
  return h('button', { onClick: () => void client.logOut() }, 'Log out');
}

const users = ['a', 'b', 'c', 'd', 'e'].map((key) => h(User, { key }));
const app = h(
  StrictMode,
  null,
  h(PortcullisProvider, { client: portcullis }, h(Session), ...users, h(LogOut)),
);
const main = document.createElement('main');
document.body.append(main);
createRoot(main).render(app);
Object.assign(globalThis, { portcullis, reactVersion: version, rendersOfSession: () => renders });

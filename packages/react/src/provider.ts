/** Which client the hooks below use. */
import { createContext, createElement, useContext, useEffect, type ReactNode } from 'react';
import type { ReactClient } from './user-profiles.ts';

const ClientContext = createContext<ReactClient | undefined>(undefined);

export interface PortcullisProviderProps {
  /** Made once, outside of every component. */
  client: ReactClient;
  children?: ReactNode;
}

/**
 * Finds out whether a user is signed in, so that `useSession` knows. When auth had to be asked and did not answer, the
 * session stays `unknown`, and is asked for again when the browser is online again.
 */
export function PortcullisProvider({ client, children }: PortcullisProviderProps): ReactNode {
  useEffect(() => {
    const look = (): void => void client.session.ready().catch(() => {});
    look();
    globalThis.addEventListener('online', look);
    return () => globalThis.removeEventListener('online', look);
  }, [client]);
  return createElement(ClientContext.Provider, { value: client }, children);
}

/**
 * The client of the provider. One's own services have their types where it was made: import it from there.
 *
 * @throws Error outside of a `PortcullisProvider`
 */
export function usePortcullis(): ReactClient {
  const client = useContext(ClientContext);
  if (client === undefined) {
    throw new Error('this hook is used outside of a PortcullisProvider: put one around the app');
  }
  return client;
}

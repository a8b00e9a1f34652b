import type { SessionState } from '@portcullis/client';
import { useSyncExternalStore } from 'react';
import { usePortcullis } from './provider.ts';

/** What a server renders, and a page before it has looked: the two have to be the same. */
const UNKNOWN: SessionState = { status: 'unknown' };
const onServer = (): SessionState => UNKNOWN;

/**
 * Whether a user is signed in, renewed with every change, in whichever tab it was made.
 *
 * @throws Error outside of a `PortcullisProvider`
 */
export function useSession(): SessionState {
  const { session } = usePortcullis();
  return useSyncExternalStore(session.subscribe, () => session.state, onServer);
}

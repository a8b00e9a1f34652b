import { useSyncExternalStore } from 'react';
import { usePortcullis } from './provider.ts';
import { LOADING, UserProfiles, type ReactClient, type UserState } from './user-profiles.ts';

export type User = UserState & {
  /** Asks for the profile once more, after a change of it say. */
  reload(): Promise<void>;
};

const profiles = new WeakMap<ReactClient, UserProfiles>();
const onServer = (): UserState => LOADING;

/**
 * The profile of the user who is signed in, by the user service. It is asked for once for all components, and again for
 * another session.
 *
 * @throws Error outside of a `PortcullisProvider`
 */
export function useUser(): User {
  const client = usePortcullis();
  const known = profiles.get(client) ?? new UserProfiles(client);
  profiles.set(client, known);
  const state = useSyncExternalStore(known.subscribe, known.read, onServer);
  return { ...state, reload: known.reload };
}

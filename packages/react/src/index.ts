export { PortcullisProvider, usePortcullis, type PortcullisProviderProps } from './provider.ts';
export {
  clearOnSignOut,
  queryDefaults,
  type ClearableCache,
  type QueryDefaults,
} from './query-defaults.ts';
export { useSession } from './use-session.ts';
export { useUser, type User } from './use-user.ts';
export type { ReactClient, UserProfile, UserState } from './user-profiles.ts';

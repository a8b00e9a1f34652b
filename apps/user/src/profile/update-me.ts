import type { Profile, UserCall } from '@portcullis/api';
import type { RenameAtAuth } from '../auth-service.ts';
import type { ProfileWaiters } from './profile-waiters.ts';
import { expectProfile } from './expect-profile.ts';
import type { Profiles } from './profiles.ts';
import { publicProfile } from './public-profile.ts';

export interface UpdateMeDependencies {
  profiles: Profiles;
  waiters: ProfileWaiters;
  renameAtAuth: RenameAtAuth;
}

/**
 * The name is auth's: it is changed there first, then here, so that the answer shows it; other
 * instances share the database, and streams get it by the event. A name that got no further than auth
 * comes with its event.
 */
export async function updateMe(
  { profiles, waiters, renameAtAuth }: UpdateMeDependencies,
  call: UserCall,
  { name }: { name: string | null },
): Promise<Profile> {
  const id = call.caller.sub;
  const { signal } = call.request;
  await expectProfile({ id, look: () => profiles.find(id), waiters, signal });
  const at = await renameAtAuth(call, name);
  const look = () => profiles.rename(id, name, at);
  return publicProfile(await expectProfile({ id, look, waiters, signal }));
}

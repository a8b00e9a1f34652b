import type { Profile, UserCall } from '@portcullis/api';
import type { ProfileWaiters } from './profile-waiters.ts';
import { expectProfile } from './expect-profile.ts';
import type { Profiles } from './profiles.ts';
import { publicProfile } from './public-profile.ts';

/** @throws Refusal `not_found` or `unavailable` */
export async function getMe(
  { profiles, waiters }: { profiles: Profiles; waiters: ProfileWaiters },
  { caller, request }: UserCall,
): Promise<Profile> {
  const id = caller.sub;
  const look = () => profiles.find(id);
  return publicProfile(await expectProfile({ id, look, waiters, signal: request.signal }));
}

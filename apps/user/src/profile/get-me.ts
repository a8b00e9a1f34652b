import type { Profile, UserCall } from '@portcullis/api';
import type { Arrivals } from './arrivals.ts';
import { expectProfile } from './expect-profile.ts';
import type { Profiles } from './profiles.ts';
import { publicProfile } from './public-profile.ts';

/** @throws Refusal `not_found` or `unavailable` */
export async function getMe(
  { profiles, arrivals }: { profiles: Profiles; arrivals: Arrivals },
  { caller, request }: UserCall,
): Promise<Profile> {
  const id = caller.sub;
  const look = () => profiles.find(id);
  return publicProfile(await expectProfile({ id, look, arrivals, signal: request.signal }));
}

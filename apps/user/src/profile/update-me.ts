import type { Profile, UserCall } from '@portcullis/api';
import type { Arrivals } from './arrivals.ts';
import { expectProfile } from './expect-profile.ts';
import type { Profiles } from './profiles.ts';
import { publicProfile } from './public-profile.ts';

/** One conditional update; where nothing was there to change, the profile may be on its way. */
export async function updateMe(
  { profiles, arrivals }: { profiles: Profiles; arrivals: Arrivals },
  { caller, request }: UserCall,
  { name }: { name: string | null },
): Promise<Profile> {
  const id = caller.sub;
  const look = () => profiles.rename(id, name);
  return publicProfile(await expectProfile({ id, look, arrivals, signal: request.signal }));
}

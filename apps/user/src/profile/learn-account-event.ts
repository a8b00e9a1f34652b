/**
 * What this service learns of accounts. Events come at least once and in any order, and applying them
 * is idempotent and commutative: `registered` never overwrites, the latest `email-changed` stays,
 * and the latest `profile-changed`,
 * `deleted` always wins.
 */
import type { AccountEvent } from '@portcullis/contracts';
import type { ProfileWaiters } from './profile-waiters.ts';
import type { Profiles } from './profiles.ts';

export async function learnAccountEvent(
  { profiles, waiters }: { profiles: Profiles; waiters: ProfileWaiters },
  event: AccountEvent,
): Promise<void> {
  const at = new Date(event.occurred_at);
  switch (event.type) {
    case 'registered':
      await profiles.create({
        id: event.user_id,
        email: event.email,
        name: event.name,
        createdAt: at,
      });
      waiters.announce(event.user_id);
      break;
    case 'email-changed':
      await profiles.readdress(event.user_id, event.email, at);
      waiters.announce(event.user_id);
      break;
    case 'profile-changed':
      // It may come before what it changes, and comes again then.
      if ((await profiles.rename(event.user_id, event.name, at)) === undefined) {
        throw new Error('the profile that has another name is not there yet');
      }
      break;
    case 'deleted':
      await profiles.bury(event.user_id, at);
      waiters.announce(event.user_id);
      break;
    case 'disabled':
    case 'enabled':
    case 'roles-changed':
      // Access is the verifier's business; a profile stays as it is.
      break;
  }
}

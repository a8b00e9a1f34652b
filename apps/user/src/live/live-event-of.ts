import type { LiveEvent } from '@portcullis/api';
import type { AccountEvent } from '@portcullis/contracts';

/** What the user gets of an account event: the actor and the request stay out. */
export function liveEventOf(event: AccountEvent): LiveEvent {
  const occurred_at = new Date(event.occurred_at).toISOString();
  return event.type === 'roles-changed'
    ? { type: event.type, occurred_at, roles: event.roles }
    : { type: event.type, occurred_at };
}

import type { LiveEvent } from '@portcullis/api';
import type { AccountEvent } from '@portcullis/contracts';

/** What the user is told of an account event: who did it, and in which request, stays out. */
export function liveEventOf(event: AccountEvent): LiveEvent {
  const occurred_at = new Date(event.occurred_at).toISOString();
  return event.type === 'roles-changed'
    ? { type: event.type, occurred_at, roles: event.roles }
    : { type: event.type, occurred_at };
}

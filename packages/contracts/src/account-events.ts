/**
 * Domain events of accounts, for services that keep data of their own about users.
 * At least once, in any order: consumers are idempotent, and a deletion leaves a tombstone.
 */
import type { EventId, UserId } from './ids.ts';
import type { Actor } from './revocation.ts';

interface EveryEvent {
  version: 1;
  id: EventId;
  user_id: UserId;
  /** Milliseconds since the epoch, by the clock of the database. */
  occurred_at: number;
  actor: Actor;
  request_id: string;
}

export type AccountEvent =
  | (EveryEvent & { type: 'registered'; email: string; name: string | null })
  | (EveryEvent & { type: 'email-changed'; email: string })
  | (EveryEvent & { type: 'profile-changed'; name: string | null })
  | (EveryEvent & { type: 'disabled' })
  | (EveryEvent & { type: 'enabled' })
  | (EveryEvent & { type: 'roles-changed'; roles: string[] })
  | (EveryEvent & { type: 'deleted' });
export type AccountEventType = AccountEvent['type'];

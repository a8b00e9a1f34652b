/**
 * What happened after the backup, by the event streams.
 *
 * Of each account and each aspect of it (status, roles, address, name) the last event counts, and only
 * where the database does not know that one: what it knows of later is right in it already.
 */
import type {
  AccountEvent,
  ClientId,
  EventId,
  KeyId,
  RevocationEvent,
  UserId,
} from '@portcullis/contracts';
import type { KeptEvents } from './kept-events.ts';

export type LaterEvent = {
  event: EventId;
  /** Milliseconds since the epoch. */
  at: number;
  by: string;
} & (
  | { what: 'disabled' | 'enabled' | 'deleted' | 'registered' | 'password-changed'; user: UserId }
  | { what: 'roles-changed'; user: UserId; roles: string[] }
  | { what: 'address-changed'; user: UserId; email: string }
  | { what: 'renamed'; user: UserId; name: string | null }
  | { what: 'client-disabled' | 'client-proof-ended'; client: ClientId }
  | { what: 'key-killed'; key: KeyId }
  | { what: 'issuer-cut'; generation: number }
);

/** @param known the events that the database knows of */
export function laterEvents(kept: KeptEvents, known: ReadonlySet<EventId>): LaterEvent[] {
  const accounts = kept.accounts.events;
  const revocations = kept.revocations.events;
  return [...ofAccounts(accounts), ...ofRevocations(revocations, accounts)]
    .filter(({ event }) => !known.has(event))
    .toSorted((a, b) => a.at - b.at);
}

function ofAccounts(events: readonly AccountEvent[]): LaterEvent[] {
  const last = new Map<string, LaterEvent>();
  const deleted = new Set<UserId>();
  for (const event of events) {
    const { user_id: user, type } = event;
    const common = { event: event.id, at: event.occurred_at, by: event.actor.id };
    const set = (aspect: string, later: LaterEvent) => last.set(`${user} ${aspect}`, later);
    switch (type) {
      case 'registered':
        set('registration', { ...common, what: type, user });
        break;
      case 'disabled':
      case 'enabled':
        if (!deleted.has(user)) set('status', { ...common, what: type, user });
        break;
      case 'deleted':
        deleted.add(user);
        set('status', { ...common, what: type, user });
        break;
      case 'roles-changed':
        set('roles', { ...common, what: type, user, roles: event.roles });
        break;
      case 'email-changed':
        set('address', { ...common, what: 'address-changed', user, email: event.email });
        break;
      case 'profile-changed':
        set('name', { ...common, what: 'renamed', user, name: event.name });
    }
  }
  // A deletion is the last word on an account.
  return [...last.values()].filter(
    (later) => later.what === 'deleted' || !('user' in later && deleted.has(later.user)),
  );
}

function ofRevocations(
  events: readonly RevocationEvent[],
  accounts: readonly AccountEvent[],
): LaterEvent[] {
  // A new address cuts as a new password does, and has an event of its own.
  const moves = new Set(
    accounts.flatMap((one) =>
      one.type === 'email-changed' ? [`${one.user_id} ${one.request_id}`] : [],
    ),
  );
  const deleted = new Set(accounts.flatMap((one) => (one.type === 'deleted' ? [one.user_id] : [])));
  const last = new Map<string, LaterEvent>();
  for (const event of events) {
    const { reason } = event;
    const common = { event: event.id, at: event.occurred_at, by: event.actor.id };
    switch (event.kind) {
      case 'key':
        last.set(event.key, { ...common, what: 'key-killed', key: event.key });
        break;
      case 'issuer':
        last.set(event.key, { ...common, what: 'issuer-cut', generation: event.generation });
        break;
      case 'client': {
        // Disabling is permanent.
        if (last.get(event.key)?.what === 'client-disabled') break;
        const what = reason === 'client_disabled' ? 'client-disabled' : 'client-proof-ended';
        last.set(event.key, { ...common, what, client: event.key });
        break;
      }
      case 'subject':
        if (reason !== 'credential_change' || deleted.has(event.key)) break;
        if (moves.has(`${event.key} ${event.request_id}`)) break;
        last.set(event.key, { ...common, what: 'password-changed', user: event.key });
        break;
      // What ends anyhow, or rises with the issuer's generation.
      case 'session':
      case 'token':
      case 'claims_changed':
      case 'client_subject':
        break;
      default:
        event satisfies never;
    }
  }
  return [...last.values()];
}

/**
 * What every generation has to rise by, so that it exceeds all that were given out according to NATS.
 * One step, unless the same backup was restored before: then as many as it was, and one.
 *
 * @param known generations in the database, by what they belong to
 */
export function stepBeyond(
  kept: KeptEvents,
  known: ReadonlyMap<string, number>,
  step: number,
): number {
  let ahead = 0;
  for (const event of kept.revocations.events) {
    if (!('generation' in event)) continue;
    const here = known.get(event.key);
    if (here !== undefined) ahead = Math.max(ahead, event.generation - here);
  }
  return step * (Math.floor(ahead / step) + 1);
}

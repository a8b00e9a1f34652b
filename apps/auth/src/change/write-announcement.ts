import { newId, type AccountEvent } from '@portcullis/contracts';
import type { Transaction } from '../database/database.ts';
import { accountEvents } from '../database/schema/index.ts';
import type { Cause } from './cause.ts';
import { stampAnnouncement } from './stamp-announcement.ts';

type WithoutEnvelope<E> = E extends unknown
  ? Omit<E, 'version' | 'id' | 'occurred_at' | 'actor' | 'request_id'>
  : never;

/** An event for other services, without what is the same for all of a change. */
export type Announcement = WithoutEnvelope<AccountEvent>;

/** A row of the outbox. @returns the time of the event */
export async function writeAnnouncement(
  tx: Transaction,
  cause: Cause,
  event: Announcement,
): Promise<Date> {
  const id = newId('evt');
  const whole = {
    ...event,
    version: 1,
    id,
    actor: cause.actor,
    request_id: cause.requestId,
  };
  const at = await stampAnnouncement(tx, event.user_id);
  await tx.insert(accountEvents).values({
    id,
    userId: event.user_id,
    event: { ...whole, occurred_at: at.getTime() },
    occurredAt: at,
  });
  return at;
}

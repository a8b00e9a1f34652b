/** What a restored database knows of the events that NATS has kept. */
import type { EventId } from '@portcullis/contracts';
import { eventId } from '@portcullis/contracts/schemas';
import { inArray, sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Transaction } from '../database/database.ts';
import { clients, issuer, users } from '../database/schema/index.ts';
import type { KeptEvents } from './kept-events.ts';

const AT_ONCE = 5_000;
/** An event and the audit row of its change are written within this. Milliseconds. */
const TOGETHER_MS = 10_000;

const idRow = z.object({ id: eventId });

/**
 * Those that are there, or whose change has left its row in the audit trail: entries of the log go when
 * they expire, and events that name an address go with the account; the trail keeps everything.
 */
export async function knownEvents(tx: Transaction, kept: KeptEvents): Promise<Set<EventId>> {
  const asked = [
    ...kept.accounts.events.map((event) => ({ ...named(event), target: event.user_id })),
    ...kept.revocations.events.map((event) => ({ ...named(event), target: event.key })),
  ];
  const known = new Set<EventId>();
  for (let from = 0; from < asked.length; from += AT_ONCE) {
    const rows = await tx.execute(sql`
      select e.id
      from jsonb_to_recordset(${JSON.stringify(asked.slice(from, from + AT_ONCE))}::text::jsonb)
        as e (id text, request text, target text, at float8)
      where exists (select from account_events a where a.id = e.id)
        or exists (select from revocation_log r where r.id = e.id)
        or exists (
          select from audit_log l where l.target_id = e.target and l.request_id = e.request
            and abs(extract(epoch from l.at)::float8 * 1000 - e.at) < ${TOGETHER_MS})`);
    for (const row of rows) known.add(idRow.parse(row).id);
  }
  return known;
}

/** Those that an earlier run has repeated. */
export async function repeatedEvents(tx: Transaction): Promise<Set<EventId>> {
  const rows = await tx.execute(sql`
    select detail ->> 'repeats' as id from audit_log
    where actor_kind = 'system' and actor_id = 'after-restore' and detail ? 'repeats'`);
  return new Set(rows.map((row) => idRow.parse(row).id));
}

/** The generations of all that the kept revocations name. */
export async function knownGenerations(
  tx: Transaction,
  kept: KeptEvents,
): Promise<Map<string, number>> {
  const known = new Map<string, number>();
  const note = ({ id, generation }: { id: string; generation: number }) =>
    known.set(id, generation);
  const { events } = kept.revocations;
  const subjects = [...new Set(events.flatMap((one) => (one.kind === 'subject' ? [one.key] : [])))];
  for (let from = 0; from < subjects.length; from += AT_ONCE) {
    const rows = await tx
      .select({ id: users.id, generation: users.generation })
      .from(users)
      .where(inArray(users.id, subjects.slice(from, from + AT_ONCE)));
    rows.forEach(note);
  }
  const allClients = { id: clients.id, generation: clients.generation };
  (await tx.select(allClients).from(clients)).forEach(note);
  const [row] = await tx.select({ generation: issuer.generation }).from(issuer);
  if (row !== undefined) note({ id: 'issuer', ...row });
  return known;
}

/** The newest row that was not written by the command itself. */
export async function newestRow(tx: Transaction): Promise<Date | null> {
  const [row] = await tx.execute(sql`
    select (extract(epoch from max(at)) * 1000)::float8 as at from audit_log
    where not (actor_kind = 'system' and actor_id = 'after-restore')`);
  const { at } = z.object({ at: z.number().nullable() }).parse(row);
  return at === null ? null : new Date(at);
}

function named({
  id,
  request_id: request,
  occurred_at: at,
}: {
  id: EventId;
  request_id: string;
  occurred_at: number;
}) {
  return { id, request, at };
}

/**
 * Rows of sessions that never were: many of them, apart from what the history is about. They look an hour
 * old, so the watch over the log passes them over; they have to be gone before the log settles.
 */
import { newId } from '@portcullis/contracts';
import type { Stage } from '../stage/stage.ts';

const BY = 'faults-filler';

export async function insertFiller({ log }: Stage, count: number): Promise<void> {
  const rows = Array.from({ length: count }, () => ({ id: newId('evt'), key: newId('ses') }));
  await log.sql`
    insert into revocation_log
      (id, kind, key, reason, occurred_at, expires_at, actor_kind, actor_id, request_id)
    select id, 'session', key, 'administrator', clock_timestamp() - interval '1 hour',
      clock_timestamp() + interval '30 minutes', 'system', 'faults', ${BY}
    from jsonb_to_recordset(${log.sql.json(rows)}) as r (id text, key text)`;
}

export async function removeFiller({ log }: Stage): Promise<void> {
  await log.sql`delete from revocation_log where request_id = ${BY}`;
}

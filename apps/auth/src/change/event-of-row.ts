import type { RevocationEvent } from '@portcullis/contracts';
import { revocationEvent } from '@portcullis/contracts/schemas';
import type { revocationLog } from '../database/schema/index.ts';

/** A row of the log as it travels. Parsed, since the database is a boundary too. */
export function eventOfRow(row: typeof revocationLog.$inferSelect | undefined): RevocationEvent {
  if (row === undefined) throw new Error('the log returned no row');
  return revocationEvent.parse({
    version: 1,
    id: row.id,
    ...(row.position === null ? {} : { position: row.position }),
    kind: row.kind,
    key: row.key,
    ...(row.generation === null ? {} : { generation: row.generation }),
    reason: row.reason,
    occurred_at: row.occurredAt.getTime(),
    expires_at: row.expiresAt?.getTime() ?? null,
    actor: { kind: row.actorKind, id: row.actorId },
    request_id: row.requestId,
  });
}

import {
  newId,
  REVOCATION_KINDS,
  type RevocationEvent,
  type RevocationKind,
  type RevocationOf,
  type RevocationReason,
} from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { revocationLog } from '../database/schema/index.ts';
import type { Cause } from './cause.ts';
import { eventOfRow } from './event-of-row.ts';

/** What to revoke, of any kind of the table. */
export type Revocation = { [K in RevocationKind]: RevocationOf<K> }[RevocationKind];

export interface RevocationRow {
  revocation: Revocation;
  reason: RevocationReason;
  /** How long its row is kept, unless it is for ever. */
  entryLifeSeconds: number;
}

/** A row of the revocation log, kept for as long as the table of kinds says. */
export async function writeRevocation(
  tx: Transaction,
  cause: Cause,
  { revocation, reason, entryLifeSeconds }: RevocationRow,
): Promise<RevocationEvent> {
  const forEver = REVOCATION_KINDS[revocation.kind].kept === 'for ever';
  const [row] = await tx
    .insert(revocationLog)
    .values({
      id: newId('evt'),
      kind: revocation.kind,
      key: revocation.key,
      generation: 'generation' in revocation ? revocation.generation : null,
      reason,
      expiresAt: forEver
        ? null
        : sql`clock_timestamp() + make_interval(secs => ${entryLifeSeconds})`,
      actorKind: cause.actor.kind,
      actorId: cause.actor.id,
      requestId: cause.requestId,
    })
    .returning();
  return eventOfRow(row);
}

import {
  newId,
  type ClientId,
  type KeyId,
  type RevocationEvent,
  type RevocationReason,
  type SessionId,
  type TokenId,
  type UserId,
} from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { revocationLog } from '../database/schema/index.ts';
import type { Cause } from './cause.ts';
import { eventOfRow } from './event-of-row.ts';

export type Revocation =
  | { kind: 'session'; key: SessionId }
  | { kind: 'token'; key: TokenId }
  | { kind: 'subject' | 'claims_changed'; key: UserId; generation: number }
  | { kind: 'client'; key: ClientId; generation: number }
  | { kind: 'key'; key: KeyId }
  | { kind: 'issuer'; key: 'issuer'; generation: number };

export interface RevocationRow {
  revocation: Revocation;
  reason: RevocationReason;
  /** How long its row is kept, unless it is for ever. */
  entryLifeSeconds: number;
}

/** A row of the revocation log. Those of keys and of the issuer are kept for ever. */
export async function writeRevocation(
  tx: Transaction,
  cause: Cause,
  { revocation, reason, entryLifeSeconds }: RevocationRow,
): Promise<RevocationEvent> {
  const forEver = revocation.kind === 'key' || revocation.kind === 'issuer';
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

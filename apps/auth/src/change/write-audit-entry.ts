import type { Transaction } from '../database/database.ts';
import { auditLog, auditOrigins } from '../database/schema/index.ts';
import type { Cause } from './cause.ts';
import { originOf } from './origin.ts';

export interface AuditEntry {
  action: string;
  target: { kind: string; id: string };
  /** No secrets and no personal data. */
  detail?: Record<string, unknown>;
}

/** A row of the audit trail, and beside it the address, where there is one. */
export async function writeAuditEntry(
  tx: Transaction,
  { actor, requestId, address }: Cause,
  entry: AuditEntry,
): Promise<void> {
  const origin = address === null ? null : originOf(address);
  const row = tx.insert(auditLog).values({
    action: entry.action,
    actorKind: actor.kind,
    actorId: actor.id,
    targetKind: entry.target.kind,
    targetId: entry.target.id,
    origin: origin?.commitment ?? null,
    requestId,
    detail: entry.detail ?? {},
  });
  // The two go to the database together.
  await Promise.all([row, origin && tx.insert(auditOrigins).values(origin)]);
}

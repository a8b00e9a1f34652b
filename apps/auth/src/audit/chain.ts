/**
 * The hash chain of the audit trail.
 *
 *   hash(n) = SHA-256( hash(n - 1) ‖ UTF-8 of the JSON array of the row at position n )
 *
 * The array is that of `textOf`, in the form that Postgres gives: so it can be computed again in any
 * language. A row keeps the hash before it as well as its own; hence each can be checked by itself, and
 * a changed one is named although those after it are whole.
 */
import { createHash } from 'node:crypto';

/** A row as its hash covers it. All text is Postgres's own. */
export interface AuditRecord {
  position: number;
  sequence: string;
  /** UTC, with microseconds. */
  at: string;
  action: string;
  actorKind: string;
  actorId: string;
  targetKind: string;
  targetId: string;
  /** A commitment to the address; see origin.ts. */
  origin: string | null;
  requestId: string;
  /** A jsonb value's text, which has one form. */
  detail: string;
}

/** The end of the chain, as it is published. */
export interface AuditHead {
  position: number;
  /** Hexadecimal. */
  hash: string;
}

export function hashOf(previous: Buffer, record: AuditRecord): Buffer {
  return createHash('sha256').update(previous).update(textOf(record)).digest();
}

function textOf(record: AuditRecord): string {
  return JSON.stringify([
    'portcullis audit v1',
    record.position,
    record.sequence,
    record.at,
    record.action,
    record.actorKind,
    record.actorId,
    record.targetKind,
    record.targetId,
    record.origin,
    record.requestId,
    record.detail,
  ]);
}

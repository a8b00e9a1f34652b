import type { AuditHead, AuditRecord } from './chain.ts';
import type { Origin } from '../change/origin.ts';

/** A row that has its place. */
export interface ChainedRow extends AuditRecord {
  previousHash: Buffer;
  hash: Buffer;
  /** What opens its commitment; null when there is none, or when it was taken out. */
  opened: Pick<Origin, 'address' | 'salt'> | null;
}

/**
 * The audit trail as it stands in the database.
 *
 * Invariants: positions are dense from 1 and become visible in order; a row that has one is never
 * changed again.
 */
export interface AuditTrail {
  /**
   * Gives places to rows that are committed without one, in the order in which they were begun, up to
   * a bound.
   */
  chain(): Promise<{ head: AuditHead; more: boolean }>;
}

/** A backup was restored: the trail was cut there, and goes on another way. */
export interface RestoredTrail {
  at: Date;
  /** The last position of the backup. */
  position: number;
  /** The last head, by its sequence in the stream, that was published of the rows that are lost. */
  headsUntil: number;
}

export interface ReadableTrail {
  head(): Promise<AuditHead>;
  /** Those after that position, ascending, up to a bound. */
  rows(after: number): Promise<ChainedRow[]>;
  /** What the rows of restored backups say (restore/after-restore.ts). */
  restores(): Promise<RestoredTrail[]>;
  /** Rows that have waited for their place for longer than any running instance would let them. */
  forgotten(): Promise<number>;
}

/** Where the head is published, out of reach of who can write to the database. */
export interface PublishedHeads {
  /** Whether trying to publish makes sense now. */
  readonly connected: boolean;
  /** @returns when it is stored */
  publishHead(head: AuditHead): Promise<void>;
}

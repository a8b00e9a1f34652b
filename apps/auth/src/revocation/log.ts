import type { EpochId, EventId, Numbered, RevocationEvent } from '@portcullis/contracts';

/** What was read of the log in one snapshot. */
export interface LogPage {
  epoch: EpochId;
  /** The highest position that is given out. */
  head: number;
  /** The database's clock, milliseconds since the epoch. */
  issuerTime: number;
  /** What stands at the anchor (a verifier of 0.2.0 says it; else `after`); null when nothing does, or nothing any more. */
  from: RevocationEvent | null;
  /** With positions, ascending, cut at a bound. */
  numbered: RevocationEvent[];
  /** Committed and not numbered yet, ascending by id, cut at a bound. */
  unnumbered: RevocationEvent[];
  /** Whether either list was cut. */
  cut: boolean;
  /** Where those without a position were cut: go on from there. */
  resume?: EventId | undefined;
  /** What goes with grants beside the log, in the same snapshot; absent where there is no such thing. */
  access?: AccessPlace | undefined;
}

/** Of which reading of the database the signed mapping of roles has to be, or of a later one. */
export interface AccessPlace {
  /** Of the mapping that counts. */
  number: number;
  /** When a key was killed last, by the clock of the database, in milliseconds since the epoch; 0 for never. */
  lastKillAt: number;
}

/** Where to read from. */
export interface LogPlace {
  after: number;
  /** At or before that. */
  anchor: number;
  /** The row to go on from, among those without a position. */
  resume?: EventId | undefined;
}

/**
 * The log of revocations.
 *
 * Invariants: positions are dense from 1 and become visible in order, so that a reader that sees n sees
 * all below it; `read` answers from a snapshot on the primary that begins after it was called.
 */
export interface RevocationLog {
  /**
   * Gives positions to what is committed without one, `MAX_ACKNOWLEDGED - 1` of them at most. Undefined when there
   * was nothing.
   */
  number(): Promise<Numbered | undefined>;
  /** Everything after that position, and everything that has none. */
  read(place: LogPlace): Promise<LogPage>;
  find(id: EventId): Promise<RevocationEvent | undefined>;
  /** The positions of those that have one. */
  positionsOf(ids: readonly EventId[]): Promise<Map<EventId, number>>;
  /**
   * What was committed a while ago and is not marked as published, since its process may be dead:
   * ascending by id, cut at a bound, of that what follows `after`.
   */
  unpublished(after?: EventId): Promise<RevocationEvent[]>;
  markPublished(ids: readonly EventId[]): Promise<void>;
}

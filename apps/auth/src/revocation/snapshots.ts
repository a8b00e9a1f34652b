/**
 * All revocations in one piece, for the cold start of a verifier.
 *
 * Reading a million rows takes seconds. So this follows the log, and keeps it as the bytes that are
 * sent: to give a snapshot is to hand out what lies ready, after one look at whether it is of the log as it is now. A
 * hundred verifiers that start together share that look.
 *
 * A log that goes back behind what was followed, under the same epoch, is read anew from its beginning,
 * also when it has come further again: what stands at the last position that was read has to be what
 * stood there. No snapshot vouches for a history that was lost: that is looked at before each is given, since what
 * stands at its position is not in it, and a verifier cannot always tell.
 *
 * Invariant: a snapshot's position is a head of the log that was read first, or a place on the way
 * there. All rows up to it were read after, and are in the snapshot unless they have expired. Newer
 * ones may be in it too, and some twice. So it may be as old as it likes: a grant gives what has come
 * since.
 */
import { Refusal, type EpochId, type EventId } from '@portcullis/contracts';
import {
  encodePart,
  joinParts,
  type RevocationEntry,
  type SnapshotPart,
} from '@portcullis/snapshot';
import type { Clock } from '@portcullis/verify';
import { joined } from '../timing/joined.ts';
import { repeat } from '../timing/repeat.ts';

/** Between two looks at the log. Milliseconds. */
const FOLLOW_MS = 2_000;
/** When to ask again while there is none. */
const RETRY_AFTER_S = 1;

/** Entries of a part: as many as a block takes. */
const PART = 8_192;

export interface Head {
  epoch: EpochId;
  position: number;
  /** By the clock of the database, in milliseconds since the epoch. */
  issuerTime: number;
  /** What stands at the position that was named. */
  event: EventId | null;
}

export interface SnapshotSource {
  /** @param followed a position, of which to say what stands there: null, when nothing does any more */
  head(followed: number): Promise<Head>;
  /**
   * Numbered rows that have not expired, in order, a bounded number of them.
   *
   * @param upTo a head that was read before
   * @returns up to where these are all, at least `upTo` after the last; and what stands there
   */
  entries(
    after: number,
    upTo: number,
  ): Promise<{ entries: readonly RevocationEntry[]; position: number; event: EventId | null }>;
}

export interface SnapshotsOptions {
  source: SnapshotSource;
  clock: Pick<Clock, 'after'>;
  failed(error: unknown): void;
}

export class Snapshots implements AsyncDisposable {
  readonly #options: SnapshotsOptions;
  readonly #stop: () => Promise<void>;
  #held = new HeldEntries();
  #epoch: EpochId | undefined;
  #position = 0;
  /** What stands there. */
  #event: EventId | null = null;
  /** Whether a head of this log has been reached once. */
  #caughtUp = false;
  readonly #check = joined(async () => await this.#refuseLost());
  /** The bytes of what is held now, once they were asked for. */
  #snapshot: readonly Uint8Array[] | undefined;
  #disposed = false;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    const { clock, failed } = options;
    const follow = async (): Promise<void> => await this.#follow();
    const first = follow().catch(failed);
    const stop = repeat(clock, FOLLOW_MS, async () => await first.then(follow), failed);
    this.#stop = async () => {
      this.#disposed = true;
      await Promise.all([first, stop()]);
    };
  }

  /**
   * @returns chunks that several may be reading at once
   * @throws Refusal `unavailable` while this instance reads the log for the first time, or anew: that may take
   *   longer than a verifier should wait, and grants give the log bit by bit meanwhile
   * @throws what the source throws
   */
  async take(): Promise<readonly Uint8Array[]> {
    if (this.#caughtUp) await this.#check();
    if (this.#epoch === undefined || !this.#caughtUp) throw nothingYet();
    const place = { epoch: this.#epoch, position: this.#position };
    return (this.#snapshot ??= joinParts(place, this.#held.parts()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  /** What is followed meanwhile is of the same history, or is found out when the next one is asked for. */
  async #refuseLost(): Promise<void> {
    const held = { epoch: this.#epoch, position: this.#position, event: this.#event };
    if (isOther(held, await this.#options.source.head(held.position))) throw nothingYet();
  }

  async #follow(): Promise<void> {
    const { source } = this.#options;
    const held = { epoch: this.#epoch, position: this.#position, event: this.#event };
    const found = await source.head(held.position);
    const { epoch, position: head, issuerTime } = found;
    if (isOther(held, found)) {
      // The log is another one, or has gone back: what it held is no business of it as it is now.
      this.#held = new HeldEntries();
      this.#epoch = epoch;
      this.#position = 0;
      this.#event = null;
      this.#caughtUp = false;
    }
    while (this.#position < head && !this.#disposed) {
      const { entries, position, event: last } = await source.entries(this.#position, head);
      this.#held.add(entries);
      this.#position = position;
      this.#event = last;
      this.#snapshot = undefined;
    }
    this.#caughtUp ||= this.#position >= head;
    if (this.#held.evict(issuerTime)) this.#snapshot = undefined;
  }
}

interface Held {
  epoch: EpochId | undefined;
  position: number;
  event: EventId | null;
}

/** Whether the log is another one than that of which this was held, or has gone back. */
function isOther(held: Held, { epoch, position, event }: Head): boolean {
  const isAnotherEvent = event !== null && event !== held.event;
  return epoch !== held.epoch || position < held.position || isAnotherEvent;
}

function nothingYet(): Refusal {
  return new Refusal('unavailable', { retryAfter: RETRY_AFTER_S });
}

/** Entries in the order of the log, so that those which expire together lie together. */
class HeldEntries {
  #parts: { part: SnapshotPart; expiresAt: number }[] = [];
  /** The newest entries, too few for a part yet. */
  #latest: RevocationEntry[] = [];
  /** What never expires. Few: keys that were killed. */
  readonly #forEver = new Map<string, RevocationEntry>();

  add(entries: readonly RevocationEntry[]): void {
    for (const entry of entries) {
      if (entry.expires_at === null) this.#forEver.set(`${entry.kind} ${entry.key}`, entry);
      else this.#latest.push(entry);
      if (this.#latest.length < PART) continue;
      const expiresAt = this.#latest.reduce((last, one) => Math.max(last, one.expires_at ?? 0), 0);
      this.#parts.push({ part: encodePart(this.#latest), expiresAt });
      this.#latest = [];
    }
  }

  /**
   * @param issuerTime milliseconds since the epoch by the database's clock
   * @returns whether anything has gone
   */
  evict(issuerTime: number): boolean {
    const before = this.#parts.length;
    this.#parts = this.#parts.filter(({ expiresAt }) => expiresAt > issuerTime);
    return this.#parts.length < before;
  }

  parts(): SnapshotPart[] {
    const rest = encodePart([...this.#forEver.values(), ...this.#latest]);
    return [...this.#parts.map(({ part }) => part), rest];
  }
}

/**
 * What is revoked, in one piece, for the cold start of a verifier.
 *
 * Reading a million rows takes seconds. So this follows the log, and keeps it as the bytes that are
 * sent: to give a snapshot is to hand out what lies ready.
 *
 * Invariant: a snapshot's position is a head of the log that was read first. All rows up to it were
 * read after, and are in the snapshot unless they have expired. Newer ones may be in it too, and some
 * twice. So it may be as old as it likes: a grant gives what has come since.
 */
import {
  encodePart,
  joinParts,
  type EpochId,
  type RevocationEntry,
  type SnapshotPart,
} from '@portcullis/contracts';
import type { Clock } from '@portcullis/verify';
import { every } from './every.ts';

/** Between two looks at the log. Milliseconds. */
const FOLLOW_MS = 2_000;
/** For how long one is given to all who ask. Milliseconds. */
const KEPT_MS = 3_000;

/** Entries of a part: as many as a block takes. */
const PART = 8_192;

export interface SnapshotSource {
  head(): Promise<{ epoch: EpochId; position: number; issuerTime: number }>;
  /**
   * Numbered rows that have not expired, in order, a bounded number of them.
   *
   * @param upTo a head that was read before
   * @returns up to where these are all; at least `upTo` after the last
   */
  entries(
    after: number,
    upTo: number,
  ): Promise<{ entries: readonly RevocationEntry[]; position: number }>;
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
  #following: Promise<void> | undefined;
  #making: Promise<readonly Uint8Array[]> | undefined;
  #disposed = false;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    const follow = async (): Promise<void> => await this.#follow();
    this.#stop = every(options.clock, FOLLOW_MS, follow, options.failed);
    follow().catch(options.failed);
  }

  /** Shared by all who ask within a few seconds. */
  async take(): Promise<readonly Uint8Array[]> {
    this.#making ??= this.#make().then(
      (chunks) => {
        this.#options.clock.after(KEPT_MS, () => {
          this.#making = undefined;
        });
        return chunks;
      },
      (error: unknown) => {
        this.#making = undefined;
        throw error;
      },
    );
    return await this.#making;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#stop();
    await this.#following?.catch(() => undefined);
  }

  async #make(): Promise<Uint8Array[]> {
    await this.#follow();
    if (this.#epoch === undefined) throw new Error('the log has not been read');
    return joinParts({ epoch: this.#epoch, position: this.#position }, this.#held.parts());
  }

  async #follow(): Promise<void> {
    this.#following ??= this.#readOn().finally(() => {
      this.#following = undefined;
    });
    await this.#following;
  }

  async #readOn(): Promise<void> {
    const { source } = this.#options;
    const { epoch, position: head, issuerTime } = await source.head();
    if (epoch !== this.#epoch) {
      // The log is another one; what the former one held is no business of this one.
      this.#held = new HeldEntries();
      this.#epoch = epoch;
      this.#position = 0;
    }
    while (this.#position < head && !this.#disposed) {
      const { entries, position } = await source.entries(this.#position, head);
      this.#held.add(entries);
      this.#position = position;
    }
    this.#held.evict(issuerTime);
  }
}

/** Entries in the order of the log, so that those which expire together lie together. */
class HeldEntries {
  #parts: { part: SnapshotPart; expiresAt: number }[] = [];
  /** Not enough for a part yet. */
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

  /** @param issuerTime milliseconds since the epoch by the database's clock */
  evict(issuerTime: number): void {
    this.#parts = this.#parts.filter(({ expiresAt }) => expiresAt > issuerTime);
  }

  parts(): SnapshotPart[] {
    const rest = encodePart([...this.#forEver.values(), ...this.#latest]);
    return [...this.#parts.map(({ part }) => part), rest];
  }
}

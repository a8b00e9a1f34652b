/**
 * Where a verifier stands in the log: in which history of it, how far, and where the last answer was cut.
 *
 * Invariants (SPEC.md I3, I8, I14, I16):
 *  - Its position never claims more than was applied (position.ts): it is moved after that.
 *  - An answer is of this history only if it is of the same epoch, comes at least as far as this verifier had
 *    come when it asked, and has the event at the anchor that this verifier knows. A log that has gone back gives its
 *    positions out again.
 *  - A snapshot moves it in its own history alone, and makes nothing fresh.
 *  - An answer to an earlier question does not set back what has been asked since.
 */
import type { EpochId, EventId, Grant, GrantRequest, Numbered } from '@portcullis/contracts';
import type { RevocationEntry } from '@portcullis/snapshot/entries';
import type { Asked } from './freshness.ts';
import { LogPosition, type Place } from './position.ts';

/** What is about to expire may be gone from a ledger, and from a snapshot. Milliseconds. */
const EXPIRING_MS = 60_000;

/** Where an answer was cut among events without a position. */
interface Rest {
  readonly resume: EventId;
  /** The question whose answer was the first of these: what follows vouches for that moment alone. */
  readonly since: Asked;
}

/** Where a question was asked from: its answer is checked against that. */
export interface AskedFrom {
  /** How far this verifier had come; a whole answer that does not come as far is of another history. */
  readonly reached: number;
  /** What the answer has to stand on. */
  readonly anchor: Place;
  /** What it goes on from. */
  readonly rest: Rest | undefined;
}

export class LogCursor {
  /** Applies an entry to the ledger. @returns whether it added anything */
  readonly #apply: (entry: RevocationEntry) => boolean;
  readonly #position = new LogPosition();
  #epoch: EpochId | null = null;
  /** Whether the last question was answered, by an issuer that knows of anchors. */
  #isAnchored = false;
  /** Absent unless the last answer was cut there. */
  #rest: Rest | undefined;

  constructor(apply: (entry: RevocationEntry) => boolean) {
    this.#apply = apply;
  }

  /** Null until a first answer has said which history it is. */
  get epoch(): EpochId | null {
    return this.#epoch;
  }

  get position(): number {
    return this.#position.value;
  }

  /**
   * @param monotonic the present moment
   * @param maxStalenessMs S: what is older is worth nothing, and it begins from the beginning
   */
  askFrom(monotonic: number, maxStalenessMs: number): AskedFrom {
    if (monotonic - (this.#rest?.since.at ?? monotonic) >= maxStalenessMs) this.#rest = undefined;
    return { reached: this.#position.value, anchor: this.#position.anchor, rest: this.#rest };
  }

  /** From the anchor itself, where the issuer may be one that knows of none. */
  requestFrom({
    reached,
    anchor: { position },
    rest,
  }: AskedFrom): Pick<GrantRequest, 'epoch' | 'position' | 'anchor' | 'resume'> {
    const isFurther = reached !== position && this.#isAnchored;
    return {
      epoch: this.#epoch,
      ...(isFurther ? { position: reached, anchor: position } : { position }),
      ...(rest === undefined ? {} : { resume: rest.resume }),
    };
  }

  /** Who answers next may be another issuer. */
  notAnswered(): void {
    this.#isAnchored = false;
  }

  /** A pushed event was applied. */
  applied(id: EventId): void {
    this.#position.applied(id);
  }

  /** @returns false when the notice shows that something was missed, or may have been */
  numbered(notice: Numbered): boolean {
    return notice.epoch === this.#epoch && this.#position.numbered(notice);
  }

  /** Whether the answer is of another history than the one in which this verifier came to where it asked from. */
  isOther(
    { epoch, from, issuer_time, complete, position }: Grant,
    { anchor, reached }: AskedFrom,
  ): boolean {
    this.#isAnchored = from !== undefined;
    if (this.#epoch === null) return false;
    if (this.#epoch !== epoch || (complete && position < reached)) return true;
    if (from?.position !== anchor.position) return false;
    if (anchor.event !== undefined) return anchor.event !== from.id;
    // From a snapshot, which does not name it: then it was in there. That it was pushed proves nothing.
    const mayHaveGone = from.expires_at !== null && from.expires_at < issuer_time + EXPIRING_MS;
    const isKnown = !this.#apply(from) && !this.#position.isUnplaced(from.id);
    if (isKnown || mayHaveGone) this.#position.found(anchor.position, from.id);
    return !isKnown && !mayHaveGone;
  }

  /**
   * After all events of the answer were applied.
   *
   * @returns whether it has led any further
   */
  take({ epoch, position, events, resume }: Grant, asked: Asked, from: AskedFrom): boolean {
    const before = this.#position.value;
    if (from.rest === this.#rest) {
      this.#rest = resume && { resume, since: from.rest?.since ?? asked };
    }
    this.#epoch = epoch;
    this.#position.granted(position, events);
    return this.#position.value > before || resume !== undefined;
  }

  /** After a snapshot was merged. Where it stands counts in the same log only. @returns whether it does */
  merged(epoch: EpochId, position: number): boolean {
    if (epoch !== this.#epoch) return false;
    this.#position.merged(position);
    return true;
  }

  /** Whether it was a snapshot that has led astray, under this very epoch. */
  wasLedAstray({ anchor }: AskedFrom, epoch: EpochId): boolean {
    return anchor.event === undefined && epoch === this.#epoch;
  }

  /** The history is another one: what was applied stays, and where it stood counts for nothing. */
  reset(): void {
    this.#epoch = null;
    this.#rest = undefined;
    this.#position.reset();
  }
}

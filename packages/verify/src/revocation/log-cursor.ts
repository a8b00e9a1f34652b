/**
 * Where a verifier stands in the log: in which history of it, how far, and where the last answer was cut.
 *
 * Invariants (SPEC.md I3, I8, I14, I16):
 *  - Its position never claims more than was applied (position.ts): it is moved after that.
 *  - An answer is of this history only if it is of the same epoch, comes at least as far as this verifier had
 *    come when it asked, and has the event there that this verifier knows. A log that has gone back gives its
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
  /** What the answer has to stand on; a whole one that does not come as far is of another history. */
  readonly place: Place;
  /** What it goes on from. */
  readonly rest: Rest | undefined;
}

export class LogCursor {
  /** Applies an entry to the ledger. @returns whether it added anything */
  readonly #apply: (entry: RevocationEntry) => boolean;
  readonly #position = new LogPosition();
  #epoch: EpochId | null = null;
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
    return { place: this.#position.place, rest: this.#rest };
  }

  requestFrom({
    place: { position },
    rest,
  }: AskedFrom): Pick<GrantRequest, 'epoch' | 'position' | 'resume'> {
    const resume = rest === undefined ? {} : { resume: rest.resume };
    return { epoch: this.#epoch, position, ...resume };
  }

  /** A pushed event was applied. */
  applied(id: EventId): void {
    this.#position.applied(id);
  }

  /** @returns false when the notice shows that something was missed, or may have been, or does not show that nothing was */
  numbered(notice: Numbered): boolean {
    return notice.epoch === this.#epoch && this.#position.numbered(notice);
  }

  /** Whether the answer is of another history than the one in which this verifier came to where it asked from. */
  isOther(
    { epoch, from, issuer_time, complete, position }: Grant,
    { at, from: { place } }: Asked & { readonly from: AskedFrom },
  ): boolean {
    if (this.#epoch === null) return false;
    if (this.#epoch !== epoch || (complete && position < place.position)) return true;
    if (from?.position !== place.position) return false;
    if (place.event !== undefined) return place.event !== from.id;
    // From a snapshot, which does not name it: then it was in there, and had happened when that was here. That it was
    // pushed proves nothing.
    if (from.occurred_at > issuer_time - (at - (place.mergedAt ?? at))) return true;
    const mayHaveGone = from.expires_at !== null && from.expires_at < issuer_time + EXPIRING_MS;
    const isKnown = !this.#apply(from) && !this.#position.isUnplaced(from.id);
    if (isKnown || mayHaveGone) this.#position.found(place.position, from.id);
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

  /**
   * After a snapshot was merged. Where it stands counts in the same log only.
   *
   * @param at when it was here, by the monotonic clock
   * @returns whether it does
   */
  merged(epoch: EpochId, position: number, at: number): boolean {
    if (epoch !== this.#epoch) return false;
    this.#position.merged(position, at);
    return true;
  }

  /** Whether it was a snapshot that has led astray, under this very epoch. */
  wasLedAstray({ place }: AskedFrom, epoch: EpochId): boolean {
    return place.event === undefined && epoch === this.#epoch;
  }

  /** The history is another one: what was applied stays, and where it stood counts for nothing. */
  reset(): void {
    this.#epoch = null;
    this.#rest = undefined;
    this.#position.reset();
  }
}

/**
 * How far along the log everything has been applied (SPEC.md I8).
 *
 * Invariant: `position` never claims more than was applied, in the history of the log that has at this position the event
 * which stands here. An answer to a grant moves it; between grants so do notices of numbering, as long as they join on
 * without a gap and name only events that were applied already. A notice begins with what stood in the log before
 * it, which has to be what stands here: a log that has gone back gives its positions out again.
 */
import type { EventId, Numbered } from '@portcullis/contracts';

/** A position, and what stands in the log there. */
export interface Place {
  position: number;
  /** Null: nothing any more, as far as this log goes. Undefined: it was not said. */
  event: EventId | null | undefined;
  /** Of a snapshot that did not say it: when that was here, by the monotonic clock. */
  mergedAt?: number;
}

interface Placed {
  id: EventId;
  position?: number | undefined;
}

/** Events known but not yet placed. Beyond this they are forgotten, and the next grant places them. */
const MAX_UNPLACED = 10_000;

export class LogPosition {
  readonly #unplaced = new Set<EventId>();
  #place: Place = { position: 0, event: null };

  get place(): Place {
    return this.#place;
  }

  get value(): number {
    return this.#place.position;
  }

  /** An event was applied whose place is not known. */
  applied(id: EventId): void {
    if (this.#unplaced.size >= MAX_UNPLACED) this.#unplaced.clear();
    this.#unplaced.add(id);
  }

  /** An answer vouches for everything up to `position`. A late one may be of a lower one. */
  granted(position: number, events: readonly Placed[]): void {
    for (const { id } of events) this.#unplaced.delete(id);
    if (position <= this.value) return;
    const last = events.find((event) => event.position === position);
    this.#place = { position, event: last?.id ?? null };
  }

  /** A snapshot vouches for everything up to `position`, and does not say what stands there. */
  merged(position: number, mergedAt: number): void {
    if (position > this.value) this.#place = { position, event: undefined, mergedAt };
  }

  /** What stands there was said, and is known. */
  found(position: number, id: EventId): void {
    if (position === this.value) this.#place = { position, event: id };
  }

  /** Whether it was pushed, and nothing has placed it. */
  isUnplaced(id: EventId): boolean {
    return this.#unplaced.has(id);
  }

  /** @returns false when the notice shows that something was missed, or may have been, or does not show that nothing was */
  numbered({ first, ids }: Numbered): boolean {
    let joinsOn = true;
    let before: EventId | undefined;
    for (const [index, id] of ids.entries()) {
      const position = first + index;
      if (position <= this.value) {
        const isOther = position === this.value && id !== this.#place.event;
        // Known, and placed where all was known: late, or of a log that has gone back. Asking decides.
        if (this.#unplaced.delete(id) || isOther) joinsOn = false;
      } else if (this.#isNext(position, before) && this.#unplaced.delete(id)) {
        this.#place = { position, event: id };
      } else {
        return false;
      }
      before = id;
    }
    return joinsOn;
  }

  /** The log is another one. */
  reset(): void {
    this.#place = { position: 0, event: null };
    this.#unplaced.clear();
  }

  /** Before the first position nothing stands, in any history. */
  #isNext(position: number, before: EventId | undefined): boolean {
    if (position !== this.value + 1) return false;
    return position === 1 || (before !== undefined && before === this.#place.event);
  }
}

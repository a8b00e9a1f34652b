/**
 * How far along the log everything has been applied.
 *
 * Invariant: `position` never claims more than was applied. An answer to a grant moves it; between
 * grants so do notices of numbering, as long as they join on without a gap and name only events that
 * were applied already. A notice does not say which history of the log it is of, so the anchor stays where
 * the last answer has left it: what is asked of the issuer is what stands there.
 */
import type { EventId, Numbered } from '@portcullis/contracts';

/** A position, and what stands in the log there. */
export interface Place {
  position: number;
  /** Null: nothing any more, as far as this log goes. Undefined: it was not said. */
  event: EventId | null | undefined;
}

interface Placed {
  id: EventId;
  position?: number | undefined;
}

/** Events known but not yet placed. Beyond this they are forgotten, and the next grant places them. */
const MAX_UNPLACED = 10_000;

export class LogPosition {
  readonly #unplaced = new Set<EventId>();
  #position = 0;
  #event: Place['event'] = null;
  #anchor: Place = { position: 0, event: null };

  /** Where the last answer has led to. */
  get anchor(): Place {
    return this.#anchor;
  }

  get value(): number {
    return this.#position;
  }

  /** An event was applied whose place is not known. */
  applied(id: EventId): void {
    if (this.#unplaced.size >= MAX_UNPLACED) this.#unplaced.clear();
    this.#unplaced.add(id);
  }

  /** An answer vouches for everything up to `position`. A late one may be of a lower one. */
  granted(position: number, events: readonly Placed[]): void {
    for (const { id } of events) this.#unplaced.delete(id);
    if (position < this.#position) return;
    if (position > this.#position) {
      this.#position = position;
      this.#event = events.find((event) => event.position === position)?.id ?? null;
    }
    this.#anchor = { position, event: this.#event };
  }

  /** A snapshot vouches for everything up to `position`, and does not say what stands there. */
  merged(position: number): void {
    if (position <= this.#position) return;
    this.#position = position;
    this.#event = undefined;
    this.#anchor = { position, event: undefined };
  }

  /** What stands there was said, and is known. */
  found(position: number, id: EventId): void {
    if (position === this.#position) this.#event ??= id;
    if (position === this.#anchor.position) this.#anchor = { position, event: id };
  }

  /** Whether it was pushed, and nothing has placed it. */
  isUnplaced(id: EventId): boolean {
    return this.#unplaced.has(id);
  }

  /** @returns false when the notice shows that something was missed, or may have been */
  numbered({ first, ids }: Numbered): boolean {
    let joinsOn = true;
    for (const [index, id] of ids.entries()) {
      const place = first + index;
      if (place <= this.#position) {
        // Known, and placed where all was known: late, or of a log that has gone back. Asking decides.
        if (this.#unplaced.delete(id)) joinsOn = false;
      } else if (place === this.#position + 1 && this.#unplaced.delete(id)) {
        this.#position = place;
        this.#event = id;
      } else {
        return false;
      }
    }
    return joinsOn;
  }

  /** The log is another one. */
  reset(): void {
    this.#position = 0;
    this.#event = null;
    this.#anchor = { position: 0, event: null };
    this.#unplaced.clear();
  }
}

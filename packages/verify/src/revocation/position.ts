/**
 * How far along the log everything has been applied.
 *
 * Invariant: `position` never claims more than was applied. An answer to a grant moves it; between
 * grants so do notices of numbering, as long as they join on without a gap and name only events that
 * were applied already.
 */
import type { EventId, Numbered } from '@portcullis/contracts';

/** Events known but not yet placed. Beyond this they are forgotten, and the next grant places them. */
const MAX_UNPLACED = 10_000;

export class LogPosition {
  readonly #unplaced = new Set<EventId>();
  #position = 0;

  get value(): number {
    return this.#position;
  }

  /** An event was applied whose place is not known. */
  applied(id: EventId): void {
    if (this.#unplaced.size >= MAX_UNPLACED) this.#unplaced.clear();
    this.#unplaced.add(id);
  }

  /** An answer vouches for everything up to `position`. */
  granted(position: number, ids: Iterable<EventId>): void {
    for (const id of ids) this.#unplaced.delete(id);
    this.#position = Math.max(this.#position, position);
  }

  /** @returns false when the notice shows that something was missed, or may have been */
  numbered({ first, ids }: Numbered): boolean {
    let joinsOn = true;
    for (const [index, id] of ids.entries()) {
      const place = first + index;
      if (place <= this.#position) {
        // Known, and placed where all was known: late, or of a log that has gone back. Asking tells.
        if (this.#unplaced.delete(id)) joinsOn = false;
      } else if (place === this.#position + 1 && this.#unplaced.delete(id)) {
        this.#position = place;
      } else {
        return false;
      }
    }
    return joinsOn;
  }

  /** The log is another one. */
  reset(): void {
    this.#position = 0;
    this.#unplaced.clear();
  }
}

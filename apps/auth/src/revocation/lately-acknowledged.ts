/**
 * Which verifiers have lately acknowledged which events, also those that another instance committed.
 *
 * For operators alone: receipts rest on `Acknowledgements`. So it is bounded, and forgets the oldest
 * first; what is forgotten shows again with the verifier's next question.
 */
import type { EventId, IncarnationId } from '@portcullis/contracts';

type Verifier = `${string}/${IncarnationId}`;

/** Pairs of an event and a verifier. */
const MAX_PAIRS = 50_000;

export class LatelyAcknowledged {
  readonly #events = new Map<EventId, Set<Verifier>>();
  readonly #maxPairs: number;
  #pairs = 0;

  constructor(maxPairs = MAX_PAIRS) {
    this.#maxPairs = maxPairs;
  }

  add(applied: readonly EventId[], incarnation: IncarnationId, service: string): void {
    for (const id of applied) {
      const by = this.#events.get(id) ?? new Set<Verifier>();
      this.#events.set(id, by);
      this.#pairs -= by.size;
      by.add(`${service}/${incarnation}`);
      this.#pairs += by.size;
    }
    for (const [id, by] of this.#events) {
      if (this.#pairs <= this.#maxPairs) break;
      this.#events.delete(id);
      this.#pairs -= by.size;
    }
  }

  has(id: EventId, incarnation: IncarnationId, service: string): boolean {
    return this.#events.get(id)?.has(`${service}/${incarnation}`) ?? false;
  }
}

/**
 * Tells the issuer what has been applied, so that receipts need not wait.
 *
 * Each event is named twice: at once, in one message with all others of the same turn, and again in
 * every request for a grant until one is answered. A message that gets lost costs a receipt some time.
 */
import { MAX_ACKNOWLEDGED, type EventId } from '@portcullis/contracts';

export class Confirmations {
  readonly #send: (applied: EventId[]) => void;
  #ofThisTurn: EventId[] = [];
  /** The latest of those that no answered request has named. */
  readonly #unheard = new Set<EventId>();

  /** @param send is given at most MAX_ACKNOWLEDGED at once */
  constructor(send: (applied: EventId[]) => void) {
    this.#send = send;
  }

  add(id: EventId): void {
    this.#ofThisTurn.push(id);
    if (this.#ofThisTurn.length === 1) queueMicrotask(() => this.#sendAll());
  }

  /** What the next request has to name. */
  unheard(): EventId[] {
    return [...this.#unheard];
  }

  /** A request that named these was answered. */
  heard(ids: Iterable<EventId>): void {
    for (const id of ids) this.#unheard.delete(id);
  }

  #sendAll(): void {
    const applied = this.#ofThisTurn;
    this.#ofThisTurn = [];
    for (const id of applied) this.#unheard.add(id);
    for (const id of this.#unheard) {
      if (this.#unheard.size <= MAX_ACKNOWLEDGED) break;
      this.#unheard.delete(id);
    }
    for (let from = 0; from < applied.length; from += MAX_ACKNOWLEDGED) {
      this.#send(applied.slice(from, from + MAX_ACKNOWLEDGED));
    }
  }
}

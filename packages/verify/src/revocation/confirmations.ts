/**
 * Confirms to the issuer what has been applied, so that receipts need not wait.
 *
 * Each event is named twice: at once, in one message with all others of the same turn, and again in
 * every request for a grant until one is answered. A message that gets lost costs a receipt some time.
 */
import { MAX_ACKNOWLEDGED, type EventId } from '@portcullis/contracts';

export class Confirmations {
  readonly #send: (applied: EventId[]) => void;
  #ofThisTurn: EventId[] = [];
  /** The latest of those that no answered request has named. */
  readonly #undelivered = new Set<EventId>();

  /** @param send is given at most MAX_ACKNOWLEDGED at once */
  constructor(send: (applied: EventId[]) => void) {
    this.#send = send;
  }

  add(id: EventId): void {
    this.#ofThisTurn.push(id);
    if (this.#ofThisTurn.length === 1) queueMicrotask(() => this.#sendAll());
  }

  /** What the next request has to name. */
  undelivered(): EventId[] {
    return [...this.#undelivered];
  }

  /** A request that named these was answered. */
  delivered(ids: Iterable<EventId>): void {
    for (const id of ids) this.#undelivered.delete(id);
  }

  #sendAll(): void {
    const applied = this.#ofThisTurn;
    this.#ofThisTurn = [];
    for (const id of applied) this.#undelivered.add(id);
    for (const id of this.#undelivered) {
      if (this.#undelivered.size <= MAX_ACKNOWLEDGED) break;
      this.#undelivered.delete(id);
    }
    for (let from = 0; from < applied.length; from += MAX_ACKNOWLEDGED) {
      this.#send(applied.slice(from, from + MAX_ACKNOWLEDGED));
    }
  }
}

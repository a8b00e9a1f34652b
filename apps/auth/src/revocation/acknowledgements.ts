/**
 * Which incarnations have said that they have applied an event, for as long as a caller may ask.
 *
 * Invariant: an acknowledgement names exact events, belongs to one incarnation, and counts only for
 * the service whose credentials carried it: incarnations stand in receipts and are no secret. A
 * restarted verifier is another incarnation, which inherits none. An event is opened before it is pushed, so
 * that no confirmation can come too early to be counted.
 */
import type { Acknowledgement, EventId, IncarnationId } from '@portcullis/contracts';

/** Longer than any caller may wait for a receipt. Milliseconds. */
const KEPT_MS = 30_000;

type Confirmation = Pick<Acknowledgement, 'incarnation' | 'applied'>;

interface Opened {
  by: Set<`${string}/${IncarnationId}`>;
  openedAt: number;
}

type Wake = () => void;

export class Acknowledgements {
  readonly #monotonic: () => number;
  readonly #events = new Map<EventId, Opened>();
  readonly #waiting = new Map<EventId, Set<Wake>>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** From now on confirmations of this event are kept. */
  open(id: EventId): void {
    const now = this.#monotonic();
    for (const [old, { openedAt }] of this.#events) {
      if (now - openedAt < KEPT_MS) break;
      this.#events.delete(old);
    }
    if (!this.#events.has(id)) this.#events.set(id, { by: new Set(), openedAt: now });
  }

  record({ incarnation, applied }: Confirmation, service: string): void {
    for (const id of applied) {
      const event = this.#events.get(id);
      if (event === undefined) continue;
      event.by.add(`${service}/${incarnation}`);
      this.notify(id);
    }
  }

  /** Wakes who waits for news of this event, to look again. */
  notify(id: EventId): void {
    for (const wake of this.#waiting.get(id) ?? []) wake();
  }

  /** Wakes all who wait. */
  notifyAll(): void {
    for (const id of this.#waiting.keys()) this.notify(id);
  }

  has(id: EventId, incarnation: IncarnationId, service: string): boolean {
    return this.#events.get(id)?.by.has(`${service}/${incarnation}`) ?? false;
  }

  /** Calls back when there may be news of one of these events. @returns how to stop that */
  subscribe(ids: readonly EventId[], wake: Wake): () => void {
    for (const id of ids) {
      const others = this.#waiting.get(id);
      if (others === undefined) this.#waiting.set(id, new Set([wake]));
      else others.add(wake);
    }
    return () => {
      for (const id of ids) {
        const others = this.#waiting.get(id);
        others?.delete(wake);
        if (others?.size === 0) this.#waiting.delete(id);
      }
    };
  }
}

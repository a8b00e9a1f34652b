/**
 * Acknowledges, and asks NATS to confirm it: one that does not arrive is delivered again for ever, and
 * nothing else would say so.
 */
import type { JsMsg } from '@nats-io/jetstream';
import { isDenied, reasonOf } from './problem.ts';

/** Milliseconds in which NATS has to confirm. */
const CONFIRMED_WITHIN = 5_000;
/** A timeout may be a restart of NATS; that many in a row are none. */
const TIMEOUTS = 2;

export interface AcknowledgementsListener {
  /** One was not confirmed. */
  onLost: () => void;
  /** They do not arrive. Once, until they do again. */
  onProblem: (reason: string, error: unknown) => void;
  onArrive: () => void;
}

export class Acknowledgements {
  readonly #listener: AcknowledgementsListener;
  readonly #open = new Set<Promise<void>>();
  #lost = 0;
  #problem: string | undefined;

  constructor(listener: AcknowledgementsListener) {
    this.#listener = listener;
  }

  /** Why they do not arrive; undefined while they do. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Does not wait for the confirmation. */
  send(message: JsMsg): void {
    const sent = this.#confirmed(message).finally(() => this.#open.delete(sent));
    this.#open.add(sent);
  }

  /** When each is confirmed, or known not to be. */
  async settled(): Promise<void> {
    await Promise.all(this.#open);
  }

  async #confirmed(message: JsMsg): Promise<void> {
    try {
      await message.ackAck({ timeout: CONFIRMED_WITHIN });
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#lost = 0;
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#listener.onArrive();
  }

  #failed(error: unknown): void {
    this.#lost += 1;
    this.#listener.onLost();
    if (this.#problem !== undefined || (!isDenied(error) && this.#lost < TIMEOUTS)) return;
    this.#problem = reasonOf(error);
    this.#listener.onProblem(this.#problem, error);
  }
}

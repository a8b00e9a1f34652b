/**
 * Acknowledges, and asks NATS to confirm it: one that does not arrive is delivered again for ever, and
 * nothing else would say so.
 */
import type { JsMsg } from '@nats-io/jetstream';
import { isDenied, reasonOf } from './problem.ts';

/** Milliseconds in which NATS has to confirm. */
const CONFIRMED_WITHIN_MS = 5_000;
/** A timeout may be a restart of NATS, with all that are under way then; that many in a row are none. */
const TIMEOUTS = 2;

export interface AcknowledgementsListener {
  /** One was not confirmed. */
  onLost: () => void;
  /** Called once when acknowledgements do not arrive, until they do again. */
  onProblem: (reason: string, error: unknown) => void;
  onArrive: () => void;
}

export class Acknowledgements {
  readonly #listener: AcknowledgementsListener;
  readonly #open = new Set<Promise<void>>();
  /** Timeouts in a row: each was sent after the one before it was known to be lost. */
  #lost = 0;
  #confirmations = 0;
  #problem: string | undefined;

  constructor(listener: AcknowledgementsListener) {
    this.#listener = listener;
  }

  /** Why they do not arrive; undefined while they do. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Does not wait for the confirmation. */
  send(message: Pick<JsMsg, 'ackAck'>): void {
    const sent = this.#confirmed(message).finally(() => this.#open.delete(sent));
    this.#open.add(sent);
  }

  /** When each is confirmed, or known not to be. */
  async settled(): Promise<void> {
    await Promise.all(this.#open);
  }

  async #confirmed(message: Pick<JsMsg, 'ackAck'>): Promise<void> {
    const before = { lost: this.#lost, confirmations: this.#confirmations };
    try {
      await message.ackAck({ timeout: CONFIRMED_WITHIN_MS });
    } catch (error) {
      this.#failed(error, before);
      return;
    }
    this.#lost = 0;
    this.#confirmations += 1;
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#listener.onArrive();
  }

  /** @param before how things stood when it was sent: one that was sent later may have arrived by now */
  #failed(error: unknown, before: { lost: number; confirmations: number }): void {
    if (this.#confirmations === before.confirmations) {
      this.#lost = Math.max(this.#lost, before.lost + 1);
    }
    this.#listener.onLost();
    if (this.#problem !== undefined || (!isDenied(error) && this.#lost < TIMEOUTS)) return;
    this.#problem = reasonOf(error);
    this.#listener.onProblem(this.#problem, error);
  }
}

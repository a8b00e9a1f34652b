/**
 * When grants are asked for: one question at a time, the next one when the last one's answer says, or
 * sooner when there is a reason.
 */
import type { Clock, Timer } from '../clock.ts';

/** After a question without an answer. Milliseconds. */
export const RETRY_MS = 200;
/** After an answer that came while there was a new reason to ask. Milliseconds. */
const AGAIN_MS = 20;

export class Renewals {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #renew: () => Promise<number>;
  #timer: Timer | undefined;
  #underWay = false;
  #again = false;
  #stopped = false;

  /** @param renew asks once; resolves to the milliseconds until it asks again */
  constructor(clock: Pick<Clock, 'after'>, renew: () => Promise<number>) {
    this.#clock = clock;
    this.#renew = renew;
  }

  /** Asks now, or right after the question that is under way. */
  soon(): void {
    if (this.#underWay) {
      this.#again = true;
      return;
    }
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#underWay = true;
    // A defect must not be the end of asking: what is known would grow old for ever.
    const asked = this.#renew().catch((defect: unknown) => {
      process.emitWarning(`a renewal failed: ${String(defect)}`);
      return RETRY_MS;
    });
    void asked.then((delay) => {
      this.#underWay = false;
      const after = this.#again ? Math.min(delay, AGAIN_MS) : delay;
      this.#again = false;
      if (!this.#stopped) this.#timer = this.#clock.after(after, () => this.soon());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}

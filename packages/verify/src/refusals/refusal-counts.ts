/**
 * Refusals by their reasons, and what is reported of them: of each reason the first at once, then every ten seconds, as
 * long as there are more, how many there have been since. So much is written at most, however many a client causes.
 *
 * Invariant: what was reported of a reason adds up to what was counted, once `close` has been called.
 */
import { Refusal, type RefusalReason } from '@portcullis/contracts';
import { systemClock, type Clock, type Timer } from '../clock.ts';
import { callListener } from '../listeners.ts';

/** Since the last report of this reason, this one included. */
export interface RefusalReport {
  reason: RefusalReason;
  count: number;
}

export type RefusalListener = (report: RefusalReport) => void;

/** @returns the listener of a verifier's options, so that what it throws reaches no caller */
export function listenerOf({
  onRefusals,
}: {
  onRefusals?: RefusalListener | undefined;
}): RefusalListener | undefined {
  return onRefusals && ((report) => callListener(() => onRefusals(report)));
}

const EVERY_MS = 10_000;

interface Waiting {
  timer: Timer;
  /** Since the last report. */
  count: number;
}

export class RefusalCounts {
  readonly #listener: RefusalListener | undefined;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #totals = new Map<RefusalReason, number>();
  /** Reasons that something was reported of within the last ten seconds. */
  readonly #waiting = new Map<RefusalReason, Waiting>();

  /** @param listener gets the reports; without one it only counts */
  constructor(listener?: RefusalListener, clock: Pick<Clock, 'after'> = systemClock) {
    this.#listener = listener;
    this.#clock = clock;
  }

  /** How often each reason was the one; those that never were are not in it. */
  get totals(): Readonly<Partial<Record<RefusalReason, number>>> {
    return Object.fromEntries(this.#totals);
  }

  /** @param error whatever was thrown: what is no refusal, or one for no reason of the table, is not counted */
  note(error: unknown): void {
    if (!(error instanceof Refusal) || error.reason === undefined) return;
    const { reason } = error;
    this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + 1);
    if (this.#listener === undefined) return;
    const waiting = this.#waiting.get(reason);
    if (waiting === undefined) this.#report(reason, 1);
    else waiting.count += 1;
  }

  /** Reports what there is, at once. */
  close(): void {
    for (const [reason, { timer, count }] of this.#waiting) {
      timer.cancel();
      if (count > 0) this.#listener?.({ reason, count });
    }
    this.#waiting.clear();
  }

  #report(reason: RefusalReason, count: number): void {
    const timer = this.#clock.after(EVERY_MS, () => this.#over(reason));
    this.#waiting.set(reason, { timer, count: 0 });
    this.#listener?.({ reason, count });
  }

  #over(reason: RefusalReason): void {
    const count = this.#waiting.get(reason)?.count ?? 0;
    this.#waiting.delete(reason);
    if (count > 0) this.#report(reason, count);
  }
}

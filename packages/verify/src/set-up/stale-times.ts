/**
 * The times in which a verifier that was LIVE is so no longer, as they are reported: one line when such a time begins, one
 * when it has ended.
 *
 * Invariant: from one line on a beginning to the next there are ten seconds at least. A time that begins in between is
 * counted, and reported when the ten seconds are over: by one line for all of them.
 */
import type { StalenessPolicy } from '@portcullis/contracts';
import type { Clock, Timer } from '../clock.ts';
import type { ReplicaState } from '../revocation/replica-states.ts';
import type { ProblemListener, VerifierProblem } from './problem.ts';

const EVERY_MS = 10_000;

/** What is done with tokens meanwhile. */
const EFFECTS: Readonly<Record<StalenessPolicy, string>> = {
  reject: 'tokens are answered 503 verifier_stale',
  introspect: 'auth is asked about each token, and without its word 503 verifier_stale is answered',
  accept: 'tokens are accepted although they may be revoked',
};
const OTHER_LOG = 'auth has another log of revocations, as after a restored backup';
const FIX =
  'Fix: see that auth is ready (/readyz), and that this service reaches it, over NATS or HTTP; nothing has to be restarted (docs/operations.md#when-a-service-answers-verifier_stale)';

export interface StaleTimesOptions {
  /** The name of the service. */
  service: string;
  policy: StalenessPolicy;
  clock: Pick<Clock, 'after'>;
  tell: ProblemListener;
}

export interface Moved {
  to: ReplicaState;
  /** When, in milliseconds. */
  monotonic: number;
  /** The same moment, in milliseconds since the epoch. */
  wall: number;
}

interface Present extends Moved {
  problems: readonly VerifierProblem[];
}

export class StaleTimes {
  readonly #options: StaleTimesOptions;
  /** Since when it is not LIVE, and why. */
  #present: Present | undefined;
  #isReported = false;
  /** Times that have ended, and that no line reports. */
  #unreported = { times: 0, milliseconds: 0 };
  /** Runs for ten seconds from a line on. */
  #quiet: Timer | undefined;

  constructor(options: StaleTimesOptions) {
    this.#options = options;
  }

  /** @param problems what stands in the way of grants at that moment */
  moved(moved: Moved, problems: readonly VerifierProblem[]): void {
    if (moved.to === 'CLOSED') this.#quiet?.cancel();
    else if (moved.to === 'LIVE') this.#end(moved);
    else if (this.#present === undefined) {
      this.#present = { ...moved, problems };
      if (this.#quiet === undefined) this.#reportPresent(this.#present);
    }
  }

  #end({ monotonic }: Moved): void {
    if (this.#present === undefined) return;
    const lasted = monotonic - this.#present.monotonic;
    this.#present = undefined;
    if (this.#isReported) {
      this.#isReported = false;
      this.#tell(`is LIVE again, after ${shown(lasted)}`, true);
    } else {
      const { times, milliseconds } = this.#unreported;
      this.#unreported = { times: times + 1, milliseconds: milliseconds + lasted };
    }
  }

  #quietIsOver(): void {
    this.#quiet = undefined;
    if (this.#present !== undefined) {
      if (!this.#isReported) this.#reportPresent(this.#present);
      return;
    }
    const summary = this.#takeUnreported();
    if (summary === '') return;
    this.#beQuiet();
    this.#tell(`was not LIVE ${summary}; it is now. ${FIX}`);
  }

  #reportPresent({ to, wall, problems }: Present): void {
    const { policy } = this.#options;
    const before = this.#takeUnreported();
    const since = `is ${to} since ${new Date(wall).toISOString()}${before && `, after ${before}`}`;
    const why = problems.filter(({ of }) => of === 'grants').map(({ reason }) => reason);
    const cause = to === 'SYNCING' ? OTHER_LOG : why.join('; ');
    this.#isReported = true;
    this.#beQuiet();
    this.#tell(`${since}: ${cause}. Until a grant comes, ${EFFECTS[policy]}. ${FIX}`);
  }

  /** @returns how often and how long, since the line before; empty for never */
  #takeUnreported(): string {
    const { times, milliseconds } = this.#unreported;
    this.#unreported = { times: 0, milliseconds: 0 };
    if (times === 0) return '';
    return `${times} more ${times === 1 ? 'time' : 'times'} within 10 s, for ${shown(milliseconds)} together`;
  }

  #beQuiet(): void {
    this.#quiet = this.#options.clock.after(EVERY_MS, () => this.#quietIsOver());
  }

  #tell(text: string, isOver = false): void {
    const reason = `the verifier of ${this.#options.service} ${text}`;
    this.#options.tell({ of: 'freshness', reason, ...(isOver && { isOver }) });
  }
}

function shown(milliseconds: number): string {
  const ms = Math.round(milliseconds);
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/**
 * What a verifier reports of itself while it runs: that it was fresh and is so no longer, and that a permission is asked
 * for that is declared nowhere. It reports, and decides about no token.
 *
 * Invariants: the texts are loaded when there is the first thing to say, and are no part of what every service loads. What
 * is said comes in the order in which it happened. Nothing is said of freshness before the verifier was LIVE once, and nothing at all once it is closed.
 * Each permission is named once, and 16 at most: a handler may ask for what a request names.
 */
import type { Clock } from '../clock.ts';
import { callListener } from '../listeners.ts';
import type { ReplicaState } from '../revocation/replica-states.ts';
import type { ProblemListener, VerifierProblem } from './problem.ts';
import type { RunningTexts } from './running-texts.ts';
import type { StaleTimesOptions } from './stale-times.ts';

const MAX_NAMES = 16;

export interface RunningReportsOptions extends StaleTimesOptions {
  clock: Clock;
  /** What stands in the way of grants at this moment. */
  look: () => readonly VerifierProblem[];
}

export class RunningReports {
  readonly #options: RunningReportsOptions;
  readonly #names = new Set<string>();
  #texts: Promise<RunningTexts | undefined> | undefined;
  #isClosed = false;

  constructor(options: RunningReportsOptions) {
    this.#options = options;
  }

  moved(to: ReplicaState, from: ReplicaState): void {
    this.#isClosed = to === 'CLOSED';
    const begins = from === 'LIVE' && !this.#isClosed;
    if (!begins && this.#texts === undefined) return;
    const { clock, look } = this.#options;
    const at = { to, monotonic: clock.monotonic(), wall: clock.wall() };
    // Now: what stands in the way may be gone once the texts are there.
    const problems = look();
    this.#say((texts) => texts.moved(at, problems));
  }

  /** @param declared all permissions that there are */
  undeclared(name: string, declared: ReadonlySet<string>): void {
    if (this.#names.has(name) || this.#names.size >= MAX_NAMES) return;
    this.#names.add(name);
    this.#say((texts) => texts.undeclared(name, declared));
  }

  #say(say: (texts: RunningTexts) => void): void {
    // It may be closed while they are loaded.
    const tell: ProblemListener = (problem) => this.#isClosed || this.#options.tell(problem);
    this.#texts ??= import('./running-texts.ts').then(
      (loaded) => new loaded.RunningTexts({ ...this.#options, tell }),
      (error: unknown): undefined => {
        // Of a package that was replaced under this process. Said once, and nothing after it.
        tell({ of: 'freshness', reason: `restart it: ${String(error)}` });
      },
    );
    const texts = this.#texts;
    callListener(async () => {
      const loaded = await texts;
      if (loaded !== undefined) say(loaded);
    });
  }
}

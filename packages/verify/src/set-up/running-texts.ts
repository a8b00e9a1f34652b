/** All that is loaded of it once a verifier has something to say while it runs. */
import type { ProblemListener } from './problem.ts';
import { StaleTimes, type StaleTimesOptions } from './stale-times.ts';
import { textOfUndeclared } from './undeclared-permission.ts';

export class RunningTexts {
  readonly #tell: ProblemListener;
  readonly #times: StaleTimes;

  constructor(options: StaleTimesOptions) {
    this.#tell = options.tell;
    this.#times = new StaleTimes(options);
  }

  /** As `StaleTimes.moved`. */
  moved(...moved: Parameters<StaleTimes['moved']>): void {
    this.#times.moved(...moved);
  }

  /** @param declared all permissions that there are */
  undeclared(name: string, declared: ReadonlySet<string>): void {
    this.#tell({ of: 'permission', reason: textOfUndeclared(name, declared) });
  }
}

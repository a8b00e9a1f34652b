/** Which alerts fire, looked at twice a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prometheus } from './prometheus.ts';

const POLL_MS = 500;

export class Watch implements AsyncDisposable {
  #firing: ReadonlySet<string> = new Set();
  #stopped = false;
  readonly #loop: Promise<void>;

  constructor(prometheus: Prometheus) {
    this.#loop = this.#run(prometheus);
  }

  get firing(): ReadonlySet<string> {
    return this.#firing;
  }

  /**
   * @param wanted whether each has to fire, or not to
   * @returns the seconds until each did; those that did not within the time are missing
   */
  async until(
    alerts: readonly string[],
    wanted: boolean,
    withinMs: number,
  ): Promise<Map<string, number>> {
    const begun = performance.now();
    const came = new Map<string, number>();
    for (;;) {
      const now = performance.now() - begun;
      for (const alert of alerts) {
        if (!came.has(alert) && this.#firing.has(alert) === wanted) came.set(alert, now / 1_000);
      }
      if (came.size === alerts.length || now > withinMs) return came;
      await sleep(POLL_MS / 2);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #run(prometheus: Prometheus): Promise<void> {
    while (!this.#stopped) {
      // A Prometheus that has no time for us now is asked again.
      this.#firing = await prometheus.firing().catch(() => this.#firing);
      await sleep(POLL_MS);
    }
  }
}

/** Time that passes when the test says so. Timers run in order, each at its own moment. */
import type { Clock, Timer } from '../src/clock.ts';

interface Entry {
  at: number;
  callback: () => void;
}

export class SimulatedClock implements Clock {
  #monotonic = 1_000;
  #wall = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<Entry>();

  monotonic(): number {
    return this.#monotonic;
  }

  wall(): number {
    return this.#wall;
  }

  after(milliseconds: number, callback: () => void): Timer {
    const entry = { at: this.#monotonic + milliseconds, callback };
    this.#timers.add(entry);
    return { cancel: () => this.#timers.delete(entry) };
  }

  /** Lets time pass, running what falls due and the promises that hang on it. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#monotonic + milliseconds;
    for (;;) {
      await settle();
      const due = [...this.#timers]
        .filter(({ at }) => at <= end)
        .toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.jump(Math.max(0, due.at - this.#monotonic));
      due.callback();
    }
    this.jump(end - this.#monotonic);
    await settle();
  }

  /** Time passes while the process does nothing at all, as when it is paused. */
  jump(milliseconds: number): void {
    this.#monotonic += milliseconds;
    this.#wall += milliseconds;
  }

  /** The machine sleeps: the monotonic clock stands still. Or its wall clock is set. */
  stepWall(milliseconds: number): void {
    this.#wall += milliseconds;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

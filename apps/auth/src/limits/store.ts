/** For how long Redis is not asked again after it did not answer, in milliseconds. */
const CIRCUIT_OPEN_MS = 1_000;

/** Whether Redis is worth asking; one slow answer is enough for a while. */
export class Store {
  readonly #degraded: (error: unknown) => void;
  #restUntil = Number.NEGATIVE_INFINITY;

  /** @param degraded called when Redis did not answer */
  constructor(degraded: (error: unknown) => void) {
    this.#degraded = degraded;
  }

  /** Redis first, then this instance's own count. */
  async ask<T>(shared: () => Promise<T>, local: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#restUntil) return await local();
    try {
      return await shared();
    } catch (error) {
      this.#rest(error);
      return await local();
    }
  }

  /**
   * Takes off what was counted, where it was counted: in Redis, unless that rests and this instance has
   * a count of its own. A resting Redis is asked all the same, and not waited for.
   *
   * @param local @returns whether there was anything to take off
   */
  async undo(shared: () => Promise<unknown>, local: () => Promise<boolean>): Promise<void> {
    if (performance.now() < this.#restUntil) {
      if (!(await local())) void shared().catch(() => undefined);
      return;
    }
    try {
      await shared();
    } catch (error) {
      this.#rest(error);
      await local();
    }
  }

  #rest(error: unknown): void {
    this.#restUntil = performance.now() + CIRCUIT_OPEN_MS;
    this.#degraded(error);
  }
}

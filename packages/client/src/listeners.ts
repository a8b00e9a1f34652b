/** Listeners, each told in a turn of its own: one that throws, or logs in again, disturbs nothing. */
export class Listeners<T extends readonly unknown[] = []> {
  readonly #all = new Set<(...about: T) => void>();

  /** @returns how to stop listening */
  add(listener: (...about: T) => void): () => void {
    // One that is given twice is called twice, and each is stopped by its own.
    const own = (...about: T): void => listener(...about);
    this.#all.add(own);
    return () => void this.#all.delete(own);
  }

  notify(...about: T): void {
    for (const listener of this.#all) queueMicrotask(() => listener(...about));
  }
}

/** Those who are called for one kind of news, each until it stops that. */
export class Listeners<News extends unknown[]> {
  readonly #listeners = new Set<(...news: News) => void>();

  /** @returns how to stop it */
  add(listener: (...news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly tell = (...news: News): void => {
    for (const listener of this.#listeners) callListener(() => listener(...news));
  };
}

/** A listener that throws has a defect of its own, which must not become one of verification. */
export function callListener(tell: () => unknown): void {
  try {
    const answer = tell();
    // Types take one that is async; its rejection would end the process.
    if (answer instanceof Promise) void answer.catch(warnOfDefect);
  } catch (defect) {
    warnOfDefect(defect);
  }
}

function warnOfDefect(defect: unknown): void {
  process.emitWarning(`a listener of the verifier failed: ${String(defect)}`);
}

/**
 * Does something once for all that ask for it at the same time, and never twice at once.
 *
 * Invariant: each call is answered by a run that began after the call. A run that is under way is not
 * joined; all that ask while it lasts share the next one.
 */
export function joined<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;

  return async function ask(): Promise<T> {
    if (running === undefined) {
      running = work().finally(() => {
        running = undefined;
      });
      return await running;
    }
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return ask();
      });
    return await next;
  };
}

/**
 * Does something once for all that ask for it at the same time, and never twice at once.
 *
 * Invariant: each call is answered by a run that began after the call. A run that is under way is not
 * joined; all that ask while it lasts share the next one.
 */
export function joined(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  return async function ask(): Promise<void> {
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

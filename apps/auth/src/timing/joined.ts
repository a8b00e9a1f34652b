import type { Clock } from '@portcullis/verify';
import { inTime } from './in-time.ts';

/** For how long a run keeps others from beginning. */
export interface Patience {
  clock: Pick<Clock, 'after'>;
  milliseconds: number;
}

/**
 * Does something once for all that ask for it at the same time.
 *
 * Invariant: each call is answered by a run that began after the call. A run that is under way is not
 * joined; all that ask while it lasts share the next one.
 *
 * @param patience unless given, never twice at once. Otherwise the next run begins that long after the one before, though
 *   this has not ended: a connection that hangs holds up those alone who asked for it
 */
export function joined<T>(work: () => Promise<T>, patience?: Patience): () => Promise<T> {
  let running: Promise<void> | undefined;
  let next: Promise<T> | undefined;

  function begin(): Promise<T> {
    const run = work();
    const ended = run.then(
      () => undefined,
      () => undefined,
    );
    const given = patience && inTime(patience.clock, patience.milliseconds, ended);
    running = (given ?? ended).then(() => {
      running = undefined;
    });
    return run;
  }

  return async function ask(): Promise<T> {
    if (running === undefined) return await begin();
    next ??= running.then(() => {
      next = undefined;
      return ask();
    });
    return await next;
  };
}

/** Ends a stream when its token does, or its client has gone. */
import { codedError } from './procedures.ts';

export interface StreamLife {
  /** Aborted when the token ends: the client gets its reason. */
  held: AbortSignal;
  /** Aborted when the client has disconnected: no answer can reach it. */
  gone: AbortSignal;
}

/**
 * @param open makes the source. It ends when the signal that it is given fires: an iteration that
 *   waits cannot be ended from outside.
 * @throws TRPCError with the `Refusal` for which the token was cut
 */
export async function* untilRevoked<T>(
  { held, gone }: StreamLife,
  open: (ended: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const ending = new AbortController();
  const end = () => ending.abort();
  held.addEventListener('abort', end);
  gone.addEventListener('abort', end);
  try {
    if (!held.aborted && !gone.aborted) {
      for await (const item of open(ending.signal)) {
        // An item that was on its way when the token was cut is not for this client any more.
        if (ending.signal.aborted) break;
        yield item;
      }
    }
    if (held.aborted) throw codedError(held.reason);
  } finally {
    held.removeEventListener('abort', end);
    gone.removeEventListener('abort', end);
    end();
  }
}

/**
 * Server-sent events, read from the body of an answer (WHATWG HTML, section 9.2). The grammar is
 * eventsource-parser's; which place a stream has got to, and how long an event may be, is decided here.
 * An id without data is forgotten by it (3.1.1): no server of ours sends one.
 */
import { createParser } from 'eventsource-parser';
import { PortcullisError } from './error.ts';

export interface ServerEvent {
  /** `message` where the server named none. */
  type: string;
  data: string;
  /** The newest id so far; empty where there is none. */
  lastEventId: string;
}

/** Characters of one event; ours have some hundreds. */
const MAX_EVENT = 1_000_000;

/**
 * @param lastEventId of an earlier stream, which this one goes on from
 * @param signal ends the wait for the next one. That of the request is not enough: Node 20 and 22 forget it once the
 *   answer has begun and the garbage collector has run (seen on 20.20.2 and 22.23.5)
 * @throws PortcullisError `protocol` for an event without end; what the body itself fails with
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  lastEventId: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const stop = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', stop);
  const decoder = new TextDecoder();
  const read: ServerEvent[] = [];
  let newest = lastEventId;
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT,
    onEvent({ event = 'message', data, id = newest }) {
      newest = id;
      read.push({ type: event, data, lastEventId: id });
    },
    onError({ type }) {
      // Fields that it does not know are to be ignored (section 9.2.6).
      isTooLong ||= type === 'max-buffer-size-exceeded';
    },
  });
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) return; // an event that the end cut off does not count
      parser.feed(decoder.decode(value, { stream: true }));
      yield* read.splice(0);
      if (isTooLong) throw new PortcullisError('protocol');
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await reader.cancel().catch(() => {});
  }
}

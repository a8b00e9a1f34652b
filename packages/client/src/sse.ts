/** Server-sent events, read from the body of an answer (WHATWG HTML, section 9.2). */
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
 * @throws PortcullisError `protocol` for an event without end; what the body itself fails with
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  lastEventId: string,
): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const draft = new Draft(lastEventId);
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return; // an event that the end cut off does not count
      rest += decoder.decode(value, { stream: true });
      // A carriage return at the end may be half of a line end.
      const complete = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
      const lines = complete.split(/\r\n|\n|\r/);
      rest = (lines.pop() ?? '') + (rest === complete ? '' : '\r');
      for (const line of lines) {
        const event = draft.add(line);
        if (event !== undefined) yield event;
      }
      if (rest.length + draft.length > MAX_EVENT) throw new PortcullisError('protocol');
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

class Draft {
  #type = '';
  #data: string[] = [];
  #id: string;
  length = 0;

  constructor(id: string) {
    this.#id = id;
  }

  /** @returns the event that an empty line ends */
  add(line: string): ServerEvent | undefined {
    if (line === '') return this.#finish();
    this.length += line.length;
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#type = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #finish(): ServerEvent | undefined {
    const [type, data] = [this.#type, this.#data];
    this.#type = '';
    this.#data = [];
    this.length = 0;
    if (data.length === 0) return undefined;
    return { type: type || 'message', data: data.join('\n'), lastEventId: this.#id };
  }
}

/**
 * Lines that a peer can cause, so that a flood of it must not become one of the log: for
 * each key the first is written at once, then at most one every ten seconds, with the count of what was not
 * written by itself.
 */
import type { Logger } from './logger.ts';

const EVERY_MS = 10_000;
/** Keys that are distinguished; the rest share one. With any keys, memory stays bounded. */
const MAX_KEYS = 256;
const OTHERS = 'others';

interface Waiting {
  timer: NodeJS.Timeout;
  count: number;
  fields: Readonly<Record<string, unknown>>;
}

export class BoundedLines {
  readonly #write: (fields: Readonly<Record<string, unknown>>) => void;
  readonly #everyMs: number;
  readonly #waiting = new Map<string, Waiting>();

  constructor(logger: Pick<Logger, 'warn'>, message: string, options: { everyMs?: number } = {}) {
    this.#write = (fields) => logger.warn(fields, message);
    this.#everyMs = options.everyMs ?? EVERY_MS;
  }

  /** @param fields of the last one where several share a line */
  note(key: string, fields: Readonly<Record<string, unknown>>): void {
    const shared = this.#waiting.has(key) || this.#waiting.size < MAX_KEYS ? key : OTHERS;
    const waiting = this.#waiting.get(shared);
    if (waiting !== undefined) {
      waiting.count += 1;
      waiting.fields = fields;
      return;
    }
    this.#write({ ...fields, count: 1 });
    this.#wait(shared, fields);
  }

  #wait(key: string, fields: Readonly<Record<string, unknown>>): void {
    const timer = setTimeout(() => this.#over(key), this.#everyMs).unref();
    this.#waiting.set(key, { timer, count: 0, fields });
  }

  #over(key: string): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (waiting === undefined || waiting.count === 0) return;
    this.#write({ ...waiting.fields, count: waiting.count });
    this.#wait(key, waiting.fields);
  }
}

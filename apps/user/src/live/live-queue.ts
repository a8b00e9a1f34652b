/** What waits to be sent to one stream; bounded, since a client may read as slowly as it likes. */
import type { LiveItem } from '@portcullis/api';

/** Items; an account has a handful of events in a lifetime. */
const MAX_WAITING = 64;

export class LiveQueue {
  readonly #missed: () => LiveItem;
  readonly #ended: AbortSignal;
  #waiting: LiveItem[] = [];
  #wake: () => void = () => undefined;

  /** @param missed stands for what did not fit */
  constructor(missed: () => LiveItem, ended: AbortSignal) {
    this.#missed = missed;
    this.#ended = ended;
  }

  push(item: LiveItem): void {
    if (this.#waiting.length >= MAX_WAITING) this.#waiting = [this.#missed()];
    else this.#waiting.push(item);
    this.#wake();
  }

  async *items(): AsyncGenerator<LiveItem> {
    const end = () => this.#wake();
    this.#ended.addEventListener('abort', end);
    try {
      while (!this.#ended.aborted) {
        const item = this.#waiting.shift();
        if (item !== undefined) {
          yield item;
          continue;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.#ended.removeEventListener('abort', end);
    }
  }
}

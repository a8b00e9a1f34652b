/**
 * The messages that this instance has fetched and not settled.
 *
 * Invariants:
 *  - A message is held from its arrival until its handling is over, or has taken too long. While it is held,
 *    NATS is shown signs of life of it, so that no other instance gets it.
 *  - At most `AT_ONCE` handlings are under way. One is begun when the one before it is over, or has taken
 *    longer than `PATIENCE_MS`: a quick handler is called one message after the other, and one that hangs keeps
 *    no other message from being handled.
 */
import type { JsMsg } from '@nats-io/jetstream';

/** So many messages are held at most, and so many are fetched at once. */
export const HELD_AT_MOST = 16;
const AT_ONCE = 8;
/** Milliseconds after which the next message is no longer kept waiting. */
const PATIENCE_MS = 1_000;

export class HeldMessages {
  readonly #handle: (message: JsMsg) => Promise<void>;
  readonly #held = new Set<JsMsg>();
  readonly #queue: JsMsg[] = [];
  #underWay = 0;
  #latest: JsMsg | undefined;
  #wake: (() => void) | undefined;
  #alive: NodeJS.Timeout | undefined;

  /** @param handle settles the message; never rejects, and comes to an end */
  constructor(handle: (message: JsMsg) => Promise<void>) {
    this.#handle = handle;
  }

  /** How many more may be fetched. */
  get room(): number {
    return HELD_AT_MOST - this.#held.size;
  }

  /** @param ackWait milliseconds after which NATS delivers a message again */
  showAlive(ackWait: number): void {
    clearInterval(this.#alive);
    this.#alive = setInterval(() => {
      for (const message of this.#held) message.working();
    }, ackWait / 3);
    this.#alive.unref();
  }

  add(message: JsMsg): void {
    this.#held.add(message);
    this.#queue.push(message);
    this.#next();
  }

  /** When half of what may be held is free, or the signal is aborted. */
  async hasRoom(signal: AbortSignal): Promise<void> {
    while (this.room < HELD_AT_MOST / 2 && !signal.aborted) await this.#change(signal);
  }

  /** Gives back what is not begun, to the other instances, and waits for the rest. */
  async settle(signal: AbortSignal): Promise<void> {
    for (const message of this.#queue.splice(0)) {
      this.#held.delete(message);
      message.nak();
    }
    while (this.#held.size > 0 && !signal.aborted) await this.#change(signal);
    clearInterval(this.#alive);
  }

  #next(): void {
    if (this.#latest !== undefined || this.#underWay === AT_ONCE) return;
    const message = this.#queue.shift();
    if (message === undefined) return;
    this.#underWay += 1;
    this.#latest = message;
    const goOn = (): void => {
      if (this.#latest !== message) return;
      this.#latest = undefined;
      this.#next();
    };
    const patience = setTimeout(goOn, PATIENCE_MS);
    void this.#handle(message).finally(() => {
      clearTimeout(patience);
      this.#held.delete(message);
      this.#underWay -= 1;
      goOn();
      // One that came late may have left its place to the next.
      this.#next();
      this.#wake?.();
    });
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake);
    });
  }
}

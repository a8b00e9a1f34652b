/**
 * A snapshot that was asked for: one at a time, and not again for a while.
 *
 * Invariant: no single question waits for it for more than a second in all. Its answer may be lost on
 * the way, and grants, which are what counts, may be had meanwhile. So it is handed out when it has
 * come, to a verifier that still wants it then, and does not hold up a verifier that gets along
 * without.
 */
import type { Clock } from '../clock.ts';
import type { RevocationFeed } from './feed.ts';

const TIMEOUT_MS = 10_000;
const PATIENCE_MS = 1_000;
/** Between two attempts. Milliseconds. */
const PAUSE_MS = 15_000;

interface Asked {
  readonly waitUntil: number;
  readonly answer: Promise<void>;
  isOver: boolean;
  had: HadSnapshot | undefined;
}

export interface HadSnapshot {
  bytes: Uint8Array;
  /** When it was here, by the monotonic clock: what was committed later is not in it. */
  at: number;
}

export class SnapshotRequest {
  readonly #feed: RevocationFeed;
  readonly #clock: Clock;
  /** Called when there was no answer. */
  readonly #failed: () => void;
  #asked: Asked | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(feed: RevocationFeed, clock: Clock, failed: () => void) {
    this.#feed = feed;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Asks for it without waiting: it comes while something else is done. */
  begin(): void {
    this.#asked ??= this.#ask();
  }

  /** @returns undefined when there is none, or none yet */
  async take(): Promise<HadSnapshot | undefined> {
    this.begin();
    const asked = this.#asked;
    if (asked === undefined) return undefined;
    await this.#wait(asked);
    if (asked.isOver && this.#asked === asked) this.#asked = undefined;
    return asked.had;
  }

  /** Gives up the snapshot: it is not wanted any more. */
  drop(): void {
    this.#asked = undefined;
  }

  /** The log is another one, and so are its snapshots. */
  reset(): void {
    this.#asked = undefined;
    this.#notBefore = Number.NEGATIVE_INFINITY;
  }

  #ask(): Asked | undefined {
    const now = this.#clock.monotonic();
    const answer = now < this.#notBefore ? undefined : this.#feed.snapshot?.(TIMEOUT_MS);
    if (answer === undefined) return undefined;
    this.#notBefore = now + PAUSE_MS;
    const asked: Asked = {
      waitUntil: now + PATIENCE_MS,
      isOver: false,
      had: undefined,
      answer: answer
        .then((bytes) => {
          // Dropped meanwhile, it is not kept: it may be large.
          if (this.#asked === asked) asked.had = { bytes, at: this.#clock.monotonic() };
        }, this.#failed)
        .then(() => {
          asked.isOver = true;
        }),
    };
    return asked;
  }

  async #wait(asked: Asked): Promise<void> {
    const left = asked.waitUntil - this.#clock.monotonic();
    if (asked.isOver || left <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(left, resolve);
      void asked.answer.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

/**
 * For how long what is known of revocations may be relied on.
 *
 * Invariants (SPEC.md I12, I14):
 *  - It ends no later than a grant's S after the moment at which that grant was *asked* for.
 *  - S is counted by both clocks, and is over when either says so: the monotonic one stands still while
 *    the machine sleeps, and the wall clock can be set. When the two have come apart, it is over at once.
 *  - It is read at the very moment of its use: a process that was paused, or whose event loop was
 *    blocked, finds that it has ended.
 */
import type { Clock, Timer } from '../clock.ts';
import type { IssuerClock } from './issuer-clock.ts';

/** The moment before a question: by the monotonic clock, and how far that was from the wall clock. */
export interface Asked {
  at: number;
  apart: number;
}

export class Freshness {
  readonly #clock: Clock;
  readonly #issuerClock: IssuerClock;
  /** Called soon after it has ended, for those that hold something open and do not ask. */
  readonly #ended: () => void;
  #until = Number.NEGATIVE_INFINITY;
  #untilWall = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(clock: Clock, issuerClock: IssuerClock, ended: () => void) {
    this.#clock = clock;
    this.#issuerClock = issuerClock;
    this.#ended = ended;
  }

  /** @param monotonic the present moment; the wall clock is read here, once, at the same one */
  holds(monotonic: number): boolean {
    const wall = this.#clock.wall();
    return (
      monotonic < this.#until &&
      wall < this.#untilWall &&
      !this.#issuerClock.hasDrifted(monotonic, wall)
    );
  }

  /** How much longer, in milliseconds; zero when it is over. */
  get leftMs(): number {
    return Math.max(0, this.#until - this.#clock.monotonic());
  }

  /**
   * @param asked when; an answer that comes late, after one that was asked for later, shortens nothing
   * @param maxStalenessMs S
   */
  granted(asked: Asked, maxStalenessMs: number): void {
    const until = asked.at + maxStalenessMs;
    if (until > this.#until) {
      this.#until = until;
      this.#untilWall = until + asked.apart;
    }
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.leftMs + 1, this.#ended);
  }

  end(): void {
    this.#until = Number.NEGATIVE_INFINITY;
    this.#timer?.cancel();
  }
}

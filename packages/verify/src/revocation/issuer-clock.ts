/**
 * The issuer's time, derived from this process's monotonic clock.
 *
 * Invariant: it never goes back, and never runs ahead of the issuer. Each answer gives a lower
 * bound (the time that was read there, since when at least nothing has passed), and the greatest
 * bound is kept; so it lags by no more than the quickest answer took on its way.
 *
 * On Linux the monotonic clock stands still while the machine sleeps, so that it, and every freshness
 * counted on it, would be wrong afterwards. It is recognised by the wall clock moving without it.
 */
import type { Clock } from '../clock.ts';

/** Moved apart by more than this since the last answer was asked for: neither can be trusted. Milliseconds. */
const MAX_DRIFT_MS = 1_000;

export class IssuerClock {
  readonly #clock: Clock;
  #offset = Number.NEGATIVE_INFINITY;
  #apart = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How far the wall clock is ahead of the monotonic one, for `learn`. Milliseconds. */
  apart(): number {
    return this.#clock.wall() - this.#clock.monotonic();
  }

  /**
   * @param issuerTime milliseconds since the epoch, read by the issuer before this moment
   * @param asked the moment before the question, by the monotonic clock, and `apart()` at that moment:
   *   an answer may have lain in a buffer while the machine slept, or come after a later one's
   */
  learn(issuerTime: number, asked: { at: number; apart: number }): void {
    this.#offset = Math.max(this.#offset, issuerTime - this.#clock.monotonic());
    if (asked.at < this.#askedAt) return;
    this.#askedAt = asked.at;
    this.#apart = asked.apart;
  }

  /** Milliseconds since the epoch. Minus infinity before the first answer. */
  now(monotonic: number = this.#clock.monotonic()): number {
    return monotonic + this.#offset;
  }

  /**
   * Whether the machine slept, or its wall clock was set, since the last answer was asked for.
   *
   * @param monotonic the present moment by the one clock
   * @param wall the same by the other
   */
  hasDrifted(monotonic: number, wall: number): boolean {
    return Math.abs(wall - monotonic - this.#apart) > MAX_DRIFT_MS;
  }
}

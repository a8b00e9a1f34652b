import type { World } from '../world/world.ts';

/** The database's clock, by which tokens and entries expire. It is set now and then. */
export class DatabaseClock {
  readonly #world: World;
  readonly #rate: number;
  #offset: number;
  #greatestOffset: number;

  constructor(world: World, epochMs: number, rate: number) {
    this.#world = world;
    this.#offset = epochMs;
    this.#greatestOffset = epochMs;
    this.#rate = rate;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#offset + this.#world.now * this.#rate;
  }

  /** What it would show had it never been set back: a verifier's idea of it never goes back. */
  latest(): number {
    return this.#greatestOffset + this.#world.now * this.#rate;
  }

  set(byMilliseconds: number): void {
    this.#offset += byMilliseconds;
    this.#greatestOffset = Math.max(this.#greatestOffset, this.#offset);
  }
}

/**
 * A machine with its two clocks, neither of which is right. The monotonic one runs a little fast or
 * slow, and stands still while the machine sleeps; the wall clock is off, and is set now and then.
 */
import type { Timer } from '@portcullis/verify';
import type { World } from './world.ts';

/** Rates differ by no more than this: what the guarantees assume, and their margins cover. */
export const MAX_RATE_ERROR = 1e-4;

export interface MachineOptions {
  /** Milliseconds of monotonic time a millisecond. */
  rate: number;
  /** On the monotonic clock at the beginning. */
  uptime: number;
  /** By the wall clock at the beginning, since the epoch. */
  wall: number;
}

export class Machine {
  readonly #world: World;
  readonly #rate: number;
  #uptime: number;
  #wall: number;
  #asleepSince: number | undefined;
  readonly #onWake: (() => void)[] = [];

  constructor(world: World, { rate, uptime, wall }: MachineOptions) {
    this.#world = world;
    this.#rate = rate;
    this.#uptime = uptime;
    this.#wall = wall;
  }

  monotonic(): number {
    return this.#uptime + (this.#asleepSince ?? this.#world.now) * this.#rate;
  }

  wall(): number {
    return this.#wall + this.#world.now * this.#rate;
  }

  setWall(byMilliseconds: number): void {
    this.#wall += byMilliseconds;
  }

  /** As when the lid is closed. */
  sleep(): void {
    this.#asleepSince ??= this.#world.now;
  }

  wake(): void {
    if (this.#asleepSince === undefined) return;
    this.#uptime -= (this.#world.now - this.#asleepSince) * this.#rate;
    this.#asleepSince = undefined;
    for (const due of this.#onWake.splice(0)) due();
  }

  /** Runs that, later, once this machine's monotonic clock shows so much. */
  atMonotonic(moment: number, run: () => void): Timer {
    const left = Math.max(0, moment - this.monotonic()) / this.#rate;
    let timer = this.#world.after(left, () => {
      if (this.#asleepSince !== undefined) {
        this.#onWake.push(() => {
          if (!cancelled) timer = this.atMonotonic(moment, run);
        });
      } else if (this.monotonic() < moment - 1e-6) {
        timer = this.atMonotonic(moment, run); // it slept meanwhile
      } else {
        run();
      }
    });
    let cancelled = false;
    return {
      cancel() {
        cancelled = true;
        timer.cancel();
      },
    };
  }
}

/**
 * True time, and everything that is going to happen in it.
 *
 * Happenings run one after the other, in the order of their time and then of their making; before
 * the next one every promise that hangs on the last has come to rest. So one seed is one history.
 */
import type { Timer } from '@portcullis/verify';

interface WorldEvent {
  at: number;
  order: number;
  run: (() => void) | undefined;
}

export class World {
  readonly #heap: WorldEvent[] = [];
  #made = 0;
  #now = 0;

  /** Milliseconds since the beginning. No process can see it. */
  get now(): number {
    return this.#now;
  }

  at(time: number, run: () => void): Timer {
    const event: WorldEvent = { at: Math.max(time, this.#now), order: this.#made, run };
    this.#made += 1;
    this.#push(event);
    return {
      cancel() {
        event.run = undefined;
      },
    };
  }

  after(milliseconds: number, run: () => void): Timer {
    return this.at(this.#now + milliseconds, run);
  }

  /** For what is not part of any process: it goes on when processes are paused or dead. */
  async pass(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => this.after(milliseconds, resolve));
  }

  /** Lets time pass until then, or until `stop` says so. */
  async runUntil(end: number, stop: () => boolean): Promise<void> {
    // Who runs many seeds is not to be shut out from everything else.
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > end || stop()) return;
      this.#pop();
      if (next.run === undefined) continue;
      this.#now = next.at;
      next.run();
      await rest();
    }
  }

  #push(event: WorldEvent): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      if (left === undefined) break;
      const toTheRight = right !== undefined && isBefore(right, left);
      const child = toTheRight ? right : left;
      if (isBefore(last, child)) break;
      heap[place] = child;
      place = 2 * place + (toTheRight ? 2 : 1);
    }
    heap[place] = last;
  }
}

function isBefore(one: WorldEvent, other: WorldEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** A tick is taken only when nothing is left that hangs on a promise. */
async function rest(): Promise<void> {
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

/**
 * Feels whether the machine lets programs run at all. A verifier that gets no processor cannot renew,
 * which is no fault of its own; so what it could not tell then is not held against it.
 */
const BEAT_MS = 50;
/** A beat that comes later than this was held up. */
const LATE_MS = 100;

export interface Stall {
  readonly from: number;
  readonly to: number;
}

export class Pulse implements Disposable {
  readonly stalls: Stall[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    const due = this.#last + BEAT_MS;
    if (now - due > LATE_MS) this.stalls.push({ from: due, to: now });
    this.#last = now;
  }
}

/** How much of that span the machine stood still, in milliseconds. */
export function stalledFor(stalls: readonly Stall[], from: number, to: number): number {
  return stalls.reduce(
    (sum, stall) => sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)),
    0,
  );
}

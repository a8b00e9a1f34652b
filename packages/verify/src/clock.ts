/**
 * The two clocks of a process, and its timers. A port, so that the protocol can be run over a
 * simulated one.
 */
export interface Clock {
  /** Milliseconds on a clock that only goes forward. It stands still while the machine sleeps. */
  monotonic(): number;
  /** Milliseconds since the epoch by the machine's own clock, which may step. */
  wall(): number;
  /** Runs `callback` after that many milliseconds; never keeps the process alive. */
  after(milliseconds: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

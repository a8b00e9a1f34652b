/**
 * A moment after which something is given up, and which can be put off.
 *
 * A process that was stopped finds its timers run out before it has read what arrived meanwhile. So when
 * the moment has come, there is time to read before anything is given up.
 */

/** Of each deadline, the last part: for reading what had arrived before. Milliseconds. */
const LAST_READ_MS = 1_000;

export class Deadline {
  readonly #passed: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(passed: () => void) {
    this.#passed = passed;
  }

  /** Milliseconds from now on, more than a second. */
  in(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(this.#passed, LAST_READ_MS);
    }, milliseconds - LAST_READ_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

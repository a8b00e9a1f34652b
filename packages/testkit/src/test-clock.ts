/**
 * A clock that goes on as the machine's does, and further when a test says so: `await clock.advance(600_000)`. Give it to the
 * issuer and to the verifier.
 *
 * Timers that fall due on the way run in their order, each at its own moment, and what they begin is waited for: a
 * verifier renews its grants as often as it would have, and is fresh at the end if it would have been.
 */
interface Entry {
  /** On the monotonic clock. */
  at: number;
  callback: () => void;
  timer: NodeJS.Timeout;
}

/** The shape of `Clock` of `@portcullis/verify`, which this may not import. */
export interface TestClock {
  /** Milliseconds on a clock that only goes forward. */
  monotonic(): number;
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Runs `callback` after that many milliseconds of this clock; never keeps the process alive. */
  after(milliseconds: number, callback: () => void): { cancel(): void };
  /** @throws TypeError for a time that is no number, or negative */
  advance(milliseconds: number): Promise<void>;
}

export function createTestClock(): TestClock {
  const entries = new Set<Entry>();
  /** Whole milliseconds, as the times of tokens and grants are made of. */
  let ahead = 0;
  const monotonic = (): number => performance.now() + ahead;
  const run = (entry: Entry): void => {
    if (!entries.delete(entry)) return;
    clearTimeout(entry.timer);
    entry.callback();
  };
  const started = (entry: () => Entry, milliseconds: number): NodeJS.Timeout => {
    const timer = setTimeout(() => run(entry()), Math.max(0, milliseconds));
    timer.unref();
    return timer;
  };
  /** @returns the timer that falls due first, until that moment */
  const nextUntil = (end: number): Entry | undefined =>
    [...entries].filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)[0];

  return {
    monotonic,
    wall: () => Date.now() + ahead,
    after(milliseconds, callback) {
      const timer = started(() => entry, milliseconds);
      const entry: Entry = { at: monotonic() + milliseconds, callback, timer };
      entries.add(entry);
      return {
        cancel() {
          entries.delete(entry);
          clearTimeout(entry.timer);
        },
      };
    },
    async advance(milliseconds) {
      if (!(milliseconds >= 0) || milliseconds === Infinity) {
        throw new TypeError('advance: milliseconds have to be a number that is not negative');
      }
      const end = monotonic() + milliseconds;
      for (;;) {
        await settled();
        const due = nextUntil(end);
        if (due === undefined) break;
        ahead += Math.max(0, Math.ceil(due.at - monotonic()));
        run(due);
      }
      ahead += Math.max(0, Math.ceil(end - monotonic()));
      for (const entry of entries) {
        clearTimeout(entry.timer);
        entry.timer = started(() => entry, entry.at - monotonic());
      }
      await settled();
    },
  };
}

/** What was begun in this process has had its turn; a request over the network may take longer. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

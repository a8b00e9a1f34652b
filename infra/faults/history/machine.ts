/**
 * What the machine did to the programs, apart from every fault: a verifier that gets no processor, or a
 * database that cannot write, cannot renew in time, which is no fault of theirs. So a verdict that a
 * verifier could not give then is counted, and not held against it. A verdict that it does give is
 * always checked.
 *
 * Measured, never guessed: the kernel's count of how long each process was ready and had to wait for
 * a processor (`/proc/PID/schedstat`), beats of this process's own timer, and the time of a commit
 * that nothing but the machine can hold up.
 */
import { readFileSync } from 'node:fs';

/**
 * Of the time in which a verifier has to renew: as much in one piece, or in several. Of three questions
 * one may be lost to it, and the others may be late.
 */
const STALLED = 1 / 3;
/**
 * Of that time: what those have waited for a processor who answer one after the other, in sum. Nothing
 * less is an excuse, since an answer is worth something for all of that time.
 */
const WAITING = 1;
/** In a millisecond. */
const NANOSECONDS = 1e6;

const BEAT_MS = 50;
/** A beat that comes later than this was held up. */
const LATE_MS = 100;

/** This process, which carries what passes between the others. */
const DRIVER = 'driver';

export interface Stall {
  readonly from: number;
  readonly to: number;
}

/** Where a process stood at a moment. Milliseconds, both. */
interface Sample {
  readonly at: number;
  /** For a processor, since it started. */
  readonly waited: number;
}

interface Followed {
  readonly pid: () => number | undefined;
  readonly samples: Sample[];
  /** Of processes of that name that have ended. */
  before: number;
  current: number | undefined;
  waited: number;
}

export class Machine implements Disposable {
  readonly #driver: Stall[] = [];
  readonly #database: readonly Stall[];
  readonly #issuers: string[] = [];
  readonly #followed = new Map<string, Followed>();
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  /** @param database when it took long to commit; grows while it is watched */
  constructor(database: readonly Stall[]) {
    this.#database = database;
    this.follow(DRIVER, () => process.pid);
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** @param pid of the present process of that name */
  follow(name: string, pid: () => number | undefined, role?: 'issuer'): void {
    if (role === 'issuer') this.#issuers.push(name);
    const none = { samples: [], before: 0, current: undefined, waited: 0 };
    this.#followed.set(name, { pid, ...none });
  }

  #beat(): void {
    const now = performance.now();
    const due = this.#last + BEAT_MS;
    if (now - due > LATE_MS) this.#driver.push({ from: due, to: now });
    this.#last = now;
    this.#sample(now);
  }

  #sample(at: number): void {
    for (const one of this.#followed.values()) {
      const pid = one.pid();
      const waited = waitedFor(pid);
      if (waited === undefined) continue;
      if (pid !== one.current) {
        one.before += one.waited;
        one.current = pid;
      }
      one.waited = waited;
      one.samples.push({ at, waited: one.before + waited });
    }
  }

  /**
   * Whether what is needed for a renewal was kept from running for much of that span. Its question
   * and answer pass through that verifier, this process and an instance of auth, and wait in each.
   */
  starved(verifier: string, from: number, to: number): boolean {
    const span = to - from;
    if (this.stalledFor(from, to) > STALLED * span) return true;
    const [own, here, ...auth] = [verifier, DRIVER, ...this.#issuers].map((name) =>
      this.#waitedFor(name, from, to),
    );
    return (own ?? 0) + (here ?? 0) + Math.max(0, ...auth) > WAITING * span;
  }

  /** How much of that span this process or the database stood still, in milliseconds. */
  stalledFor(from = 0, to = Number.POSITIVE_INFINITY): number {
    const [driver = 0, database = 0] = [this.#driver, this.#database].map((stalls) =>
      stalls.reduce(
        (sum, stall) => sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)),
        0,
      ),
    );
    return Math.max(driver, database);
  }

  /** Of all that were followed, the greatest part of its time that one has waited; 0 to 1. */
  get waiting(): number {
    const parts = [...this.#followed.values()].map(({ samples }) => {
      const [first] = samples;
      const last = samples.at(-1);
      if (first === undefined || last === undefined || last.at === first.at) return 0;
      return (last.waited - first.waited) / (last.at - first.at);
    });
    return Math.max(0, ...parts);
  }

  #waitedFor(name: string, from: number, to: number): number {
    const samples = this.#followed.get(name)?.samples ?? [];
    const first = samples.findLast(({ at }) => at <= from) ?? samples[0];
    const last = samples.find(({ at }) => at >= to) ?? samples.at(-1);
    return first === undefined || last === undefined ? 0 : last.waited - first.waited;
  }
}

/** @returns undefined where the system does not say, or the process has ended */
function waitedFor(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const [, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waited) / NANOSECONDS;
  } catch {
    return undefined;
  }
}

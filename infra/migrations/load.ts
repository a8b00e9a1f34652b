/** Requests that go on while something is done to their database, and how long each of them took. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Seen {
  readonly requests: number;
  /** Of one request, in milliseconds. */
  readonly longest: number;
  /** The outcomes of those that failed: a status or a SQLSTATE, and how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/** @returns why it failed; undefined when it did not */
export type Request = () => Promise<string | undefined>;

/** On average half of it, between two requests of one user: a dozen of them are a hundred a second. */
const PAUSE_MS = 200;

export class Load {
  readonly #loops: Promise<void>[];
  #stopped = false;
  #requests = 0;
  #longest = 0;
  #failures = new Map<string, number>();
  readonly #underway = new Set<{ began: number }>();

  constructor(users: readonly Request[]) {
    this.#loops = users.map((request) => this.#go(request));
  }

  /** What was seen since the last time; what is under way counts for as long as it has taken. */
  take(): Seen {
    const now = performance.now();
    const waiting = [...this.#underway].map(({ began }) => now - began);
    const longest = Math.max(this.#longest, ...waiting);
    const seen = { requests: this.#requests, longest, failures: this.#failures };
    this.#requests = 0;
    this.#longest = 0;
    this.#failures = new Map();
    return seen;
  }

  /** Waits for a request since the last time, where there was none yet. */
  async untilOne(): Promise<void> {
    while (this.#requests === 0 && this.#underway.size === 0) await sleep(5);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #go(request: Request): Promise<void> {
    while (!this.#stopped) {
      const one = { began: performance.now() };
      this.#underway.add(one);
      const failure = await request();
      this.#underway.delete(one);
      this.#requests += 1;
      this.#longest = Math.max(this.#longest, performance.now() - one.began);
      if (failure !== undefined) {
        this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1);
      }
      await sleep(PAUSE_MS * Math.random());
    }
  }
}

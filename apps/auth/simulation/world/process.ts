/**
 * A process, which can be paused and killed at any moment.
 *
 * Invariant: all that comes to a process from outside (an answer, a message, a timer) comes through
 * `enter`. While the process is paused it waits; once the process is dead it is lost, and nothing that
 * depends on it happens.
 */
import type { Clock } from '@portcullis/verify';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** Places in the protocol at which a process may be struck. */
export type Point =
  /** It has committed a revocation and published nothing. */
  | 'committed'
  /** The bus has stored an event that is not marked yet. */
  | 'stored'
  /** It holds the head of the log. */
  | 'numbering'
  /** It has given out positions and sent them to no verifier. */
  | 'numbered'
  /** It has registered verifiers and not read the log. */
  | 'registered'
  /** It has read the log and not answered. */
  | 'read'
  /** A verifier has asked and has no answer. */
  | 'asked';

export class Process {
  readonly name: string;
  readonly clock: Clock;
  /** May pause or kill this process. */
  strike: (point: Point) => void = () => {};
  readonly #world: World;
  readonly #onDeath: (() => void)[] = [];
  #state: 'running' | 'paused' | 'dead' = 'running';
  #waiting: (() => void)[] = [];

  constructor(world: World, machine: Machine, name: string) {
    this.#world = world;
    this.name = name;
    this.clock = {
      monotonic: () => machine.monotonic(),
      wall: () => machine.wall(),
      after: (milliseconds, callback) => {
        const due = machine.monotonic() + Math.max(0, milliseconds);
        let cancelled = false;
        const timer = machine.atMonotonic(due, () =>
          // It may be cancelled while it waits for a paused process.
          this.enter(() => (cancelled ? undefined : callback())),
        );
        return {
          cancel() {
            cancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  enter(run: () => void): void {
    if (this.#state === 'running') run();
    else if (this.#state === 'paused') this.#waiting.push(run);
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  /** @param first what it does before anything that has waited */
  resume(first: () => void = () => {}): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of [first, ...waiting]) this.#world.after(0, () => this.enter(run));
  }

  kill(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#waiting = [];
    for (const tell of this.#onDeath.splice(0)) tell();
  }

  /** For those who notice that it is gone. */
  onDeath(tell: () => void): void {
    this.#onDeath.push(tell);
  }

  /** Passes a place at which it may be struck: then it goes on later, or never. */
  async pass(point: Point): Promise<void> {
    this.strike(point);
    if (this.#state !== 'running') await new Promise<void>((resolve) => this.enter(resolve));
  }
}

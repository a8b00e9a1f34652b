import type { Caller } from './calling.ts';
import type { Subject } from './subject.ts';

/** One kind of work, of which a box can do so much. */
export interface Part {
  readonly name: string;
  readonly about: string;
  /** Calls of a round. */
  readonly calls: number;
  /** Of these at the same time. */
  readonly atOnce: number;
  /** Measured at ours alone: several of what it needs at the same time would take the processors from it. */
  readonly alone?: true;
  /** Runs only when it is named. */
  readonly onlyNamed?: true;
  /**
   * What the subject needs for it, once.
   *
   * @param share of what a full run needs
   */
  arrange?(subject: Subject, share: number): Promise<void>;
  /**
   * What a round needs; its time does not count.
   *
   * @param calls how many there will be
   * @returns one call, given the place at which it is made (below `atOnce`) and its number; throws for an answer that is
   *   not as it has to be
   */
  prepare(stand: Stand, calls: number): Promise<(place: number, number: number) => Promise<void>>;
  /** Done after each call, and timed by itself: the least that such work can take. */
  readonly beside?: { readonly name: string; start(subject: Subject): Promise<Beside> };
}

export interface Beside extends AsyncDisposable {
  once(): Promise<void>;
}

/** Where a part is measured. */
export interface Stand {
  readonly subject: Subject;
  readonly caller: Caller;
}

/** What a round has shown. */
export interface Measured {
  readonly perSecond: number;
  /** Each call's time, in milliseconds. */
  readonly times: readonly number[];
  /** What was done beside each, likewise. */
  readonly besides: readonly number[];
  /** Processor time of auth for each call, in milliseconds. */
  readonly processorMs: number;
}

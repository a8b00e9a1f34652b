/**
 * Carries committed revocations to the verifiers: the push at once, positions right after.
 *
 * Invariant (SPEC.md A10): a row is marked as published only after the bus has stored it. What this
 * process does not get to, because it was killed or the bus was unavailable, is found in the log by
 * this or any other instance and published then; so everything committed is published at least once, in
 * the end.
 */
import type { EventId, RevocationEvent } from '@portcullis/contracts';
import type { Clock, Timer } from '@portcullis/verify';
import type { Acknowledgements } from './acknowledgements.ts';
import type { RevocationBus } from './bus.ts';
import type { RevocationLog } from './log.ts';

/** Ids remembered so that a receipt can say `published`. */
const MAX_REMEMBERED = 20_000;
/**
 * After a commit. The push goes first: numbering at the same moment takes the processor and the disk
 * from the bus. And one run numbers all that is committed meanwhile. Milliseconds.
 */
const NUMBERED_AFTER_MS = 5;

export interface PublisherDependencies {
  log: Pick<RevocationLog, 'number' | 'unpublished' | 'markPublished'>;
  bus: Pick<RevocationBus, 'connected' | 'push' | 'numbered'>;
  acknowledgements: Pick<Acknowledgements, 'open' | 'notify'>;
  clock: Pick<Clock, 'after'>;
  failed(error: unknown, what: string): void;
}

export class Publisher {
  readonly #dependencies: PublisherDependencies;
  readonly #published = new Set<EventId>();
  readonly #inFlight = new Set<EventId>();
  #unmarked: EventId[] = [];
  #marking: Promise<void> | undefined;
  #toNumber: Timer | undefined;
  #numbering: Promise<void> | undefined;
  #numberAgain = false;
  /** The last leftover that was pushed again; the next look goes on from there. */
  #sweptUpTo: EventId | undefined;

  constructor(dependencies: PublisherDependencies) {
    this.#dependencies = dependencies;
  }

  /** Called in the turn of the commit. Waits for nothing. */
  committed(events: readonly RevocationEvent[]): void {
    if (events.length === 0) return;
    for (const { id } of events) this.#dependencies.acknowledgements.open(id);
    this.push(events);
    this.#toNumber ??= this.#dependencies.clock.after(NUMBERED_AFTER_MS, () => void this.number());
  }

  isPublished(id: EventId): boolean {
    return this.#published.has(id);
  }

  /** Whether the bus has it and has not said yet that it is stored. */
  isInFlight(id: EventId): boolean {
    return this.#inFlight.has(id);
  }

  /** Pushes, and marks later what the bus has stored. */
  push(events: readonly RevocationEvent[]): void {
    if (!this.#dependencies.bus.connected) return;
    for (const event of events) void this.#pushOne(event);
  }

  /** What others left behind, and what could not be pushed when it was committed. */
  async sweep(): Promise<void> {
    await this.number();
    if (this.#dependencies.bus.connected) this.push(await this.#leftovers());
  }

  /** Some of them at each look, from the first again after the last: what the bus refuses stops none. */
  async #leftovers(): Promise<RevocationEvent[]> {
    const { log } = this.#dependencies;
    const following = await log.unpublished(this.#sweptUpTo);
    const startsOver = following.length === 0 && this.#sweptUpTo !== undefined;
    const leftovers = startsOver ? await log.unpublished() : following;
    this.#sweptUpTo = leftovers.at(-1)?.id;
    return leftovers;
  }

  /** Gives positions to what is committed. One at a time; a call meanwhile makes one more run. */
  async number(): Promise<void> {
    this.#toNumber?.cancel();
    this.#toNumber = undefined;
    if (this.#numbering !== undefined) {
      this.#numberAgain = true;
      return await this.#numbering;
    }
    this.#numbering = this.#numberAll().finally(() => {
      this.#numbering = undefined;
    });
    await this.#numbering;
  }

  /** Waits for what is under way, or about to be. */
  async settle(): Promise<void> {
    await (this.#toNumber === undefined ? this.#numbering : this.number());
    await this.#marking;
  }

  async #numberAll(): Promise<void> {
    const { log, bus, failed } = this.#dependencies;
    try {
      do {
        this.#numberAgain = false;
        const notice = await log.number();
        if (notice !== undefined) {
          bus.numbered(notice);
          this.#numberAgain = true; // there may be more than one run takes
        }
      } while (this.#numberAgain);
    } catch (error) {
      // Another instance holds the head, or the database is unavailable. The sweep tries again.
      failed(error, 'numbering the log');
    }
  }

  async #pushOne(event: RevocationEvent): Promise<void> {
    const { bus, acknowledgements, failed } = this.#dependencies;
    this.#inFlight.add(event.id);
    try {
      await bus.push(event);
    } catch (error) {
      failed(error, 'publishing a revocation');
      return;
    } finally {
      this.#inFlight.delete(event.id);
    }
    if (this.#published.size >= MAX_REMEMBERED) {
      for (const oldest of this.#published) {
        this.#published.delete(oldest);
        break;
      }
    }
    this.#published.add(event.id);
    acknowledgements.notify();
    this.#unmarked.push(event.id);
    this.#marking ??= this.#mark();
  }

  async #mark(): Promise<void> {
    try {
      while (this.#unmarked.length > 0) {
        const ids = this.#unmarked;
        this.#unmarked = [];
        await this.#dependencies.log.markPublished(ids);
      }
    } catch (error) {
      // Then it is published once more, which changes nothing.
      this.#dependencies.failed(error, 'marking revocations as published');
    } finally {
      this.#marking = undefined;
    }
  }
}

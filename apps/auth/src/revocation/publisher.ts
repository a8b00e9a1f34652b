/**
 * Carries committed revocations to the verifiers: the push at once, positions right after.
 *
 * Invariant (SPEC.md A10): a row is marked as published only after the bus has stored it. What this
 * process does not get to, because it was killed or the bus was unavailable, is found in the log by
 * this or any other instance and published then; so everything committed is published at least once, in
 * the end.
 */
import { MAX_ACKNOWLEDGED, type EventId, type RevocationEvent } from '@portcullis/contracts';
import type { Clock, Timer } from '@portcullis/verify';
import type { Acknowledgements } from './acknowledgements.ts';
import type { RevocationBus } from './bus.ts';
import type { RevocationLog } from './log.ts';
import { inTime } from '../timing/in-time.ts';
import { joined } from '../timing/joined.ts';

/** Ids remembered so that a receipt can say `published`. */
const MAX_REMEMBERED = 20_000;
/**
 * From a commit to its number and its mark. The push and the receipt go first: a transaction at the same moment takes
 * the processor and the disk from them. And one run does it for all that is committed meanwhile; a grant carries what
 * has no number yet. Milliseconds, far fewer than the sweep takes for left behind.
 */
const WRITTEN_DOWN_AFTER_MS = 25;
/** After that the next run begins beside it: longer than PostgreSQL lets one take, unless its connection hangs. Milliseconds. */
const WRITES_ALONE_MS = 5_000;

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
  readonly #writeDown: () => Promise<void>;
  #toWriteDown: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** The last leftover that was pushed again; the next look goes on from there. */
  #sweptUpTo: EventId | undefined;

  constructor(dependencies: PublisherDependencies) {
    this.#dependencies = dependencies;
    const patience = { clock: dependencies.clock, milliseconds: WRITES_ALONE_MS };
    this.#writeDown = joined(async () => {
      await this.#number();
      await this.#mark();
    }, patience);
  }

  /** Called in the turn of the commit. Waits for nothing. */
  committed(events: readonly RevocationEvent[]): void {
    if (events.length === 0) return;
    for (const { id } of events) this.#dependencies.acknowledgements.open(id);
    this.push(events);
    this.#writeDownSoon();
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
    await inTime(this.#dependencies.clock, WRITES_ALONE_MS, this.#writeDown());
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

  /** Waits for what is under way, or about to be, though not for a connection that hangs. */
  async settle(): Promise<void> {
    if (this.#toWriteDown !== undefined) this.#writeDownNow();
    await inTime(this.#dependencies.clock, WRITES_ALONE_MS, this.#writing);
  }

  #writeDownSoon(): void {
    this.#toWriteDown ??= this.#dependencies.clock.after(WRITTEN_DOWN_AFTER_MS, () =>
      this.#writeDownNow(),
    );
  }

  #writeDownNow(): void {
    this.#toWriteDown?.cancel();
    this.#toWriteDown = undefined;
    this.#writing = this.#writeDown();
  }

  /** Gives positions to what is committed. Never rejects. */
  async #number(): Promise<void> {
    const { log, bus, failed } = this.#dependencies;
    try {
      for (;;) {
        const notice = await log.number();
        if (notice === undefined) return;
        bus.numbered(notice);
        if (notice.ids.length < MAX_ACKNOWLEDGED - 1) return;
      }
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
    acknowledgements.notify(event.id);
    this.#unmarked.push(event.id);
    this.#writeDownSoon();
  }

  /** Never rejects. */
  async #mark(): Promise<void> {
    const ids = this.#unmarked;
    if (ids.length === 0) return;
    this.#unmarked = [];
    try {
      await this.#dependencies.log.markPublished(ids);
    } catch (error) {
      // Then it is published once more, which changes nothing.
      this.#dependencies.failed(error, 'marking revocations as published');
    }
  }
}

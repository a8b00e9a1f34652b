/**
 * Account events for users while they happen. Everything that any instance learns is given to all
 * instances, so that a user gets it at any of them.
 *
 * A stream goes on where it broke off: each item has a place, and a bounded number of the newest items
 * is kept. A client that comes from further back, from another process, or from before a gap gets
 * `gap`, and reads again what it shows. So nothing is ever missed in silence.
 */
import type { LiveEvent, LiveItem } from '@portcullis/api';
import type { EventId, UserId } from '@portcullis/contracts';
import { randomBytes } from 'node:crypto';
import { LiveQueue } from './live-queue.ts';

/** Items of all users together that are kept for clients that come back. */
const MAX_KEPT = 10_000;

/** One thing that happened to one user. */
export interface LiveChange {
  /** The id of the domain event: a second copy of the event adds no item. */
  id: EventId;
  userId: UserId;
  event: LiveEvent;
}

interface Kept extends LiveChange {
  number: number;
}

export class LiveEvents {
  readonly #queues = new Map<UserId, Set<LiveQueue>>();
  #kept: Kept[] = [];
  readonly #seen = new Set<EventId>();
  #number = 0;
  /** Changes with every gap; a place of another era says nothing here. */
  #era = newEra();

  /** Hands it to the user's open streams. */
  announce(change: LiveChange): void {
    if (this.#seen.has(change.id)) return;
    this.#seen.add(change.id);
    this.#number += 1;
    this.#kept.push({ ...change, number: this.#number });
    // Twice the bound before it is cut to it, so that not every item moves all others.
    if (this.#kept.length >= 2 * MAX_KEPT) this.#dropOldest();
    const item = { place: this.#place(this.#number), event: change.event };
    for (const queue of this.#queues.get(change.userId) ?? []) queue.push(item);
  }

  /** Items may have been missed, for any user. */
  gap(): void {
    this.#era = newEra();
    this.#kept = [];
    for (const queues of this.#queues.values()) {
      for (const queue of queues) queue.push(this.#item('gap'));
    }
  }

  /**
   * @param after the place that an earlier stream has come to
   * @param ended ends the stream
   */
  async *stream(
    userId: UserId,
    after: string | undefined,
    ended: AbortSignal,
  ): AsyncGenerator<LiveItem> {
    const queue = new LiveQueue(() => this.#item('gap'), ended);
    const queues = this.#queues.get(userId) ?? new Set();
    this.#queues.set(userId, queues.add(queue));
    try {
      // In one turn with the above: what comes now is in the queue, and what came before is kept.
      for (const item of this.#since(userId, after)) queue.push(item);
      yield* queue.items();
    } finally {
      queues.delete(queue);
      if (queues.size === 0 && this.#queues.get(userId) === queues) this.#queues.delete(userId);
    }
  }

  #since(userId: UserId, after: string | undefined): LiveItem[] {
    if (after === undefined) return [this.#item('ready')];
    const number = this.#numberOf(after);
    if (number === undefined) return [this.#item('gap')];
    const missed = this.#kept.filter((kept) => kept.userId === userId && kept.number > number);
    return missed.map((kept) => ({ place: this.#place(kept.number), event: kept.event }));
  }

  /** Undefined for a place from which no stream can go on here. */
  #numberOf(place: string): number | undefined {
    const [, era, digits = ''] = /^([a-z0-9]+)-(\d{1,15})$/.exec(place) ?? [];
    const number = Number(digits);
    const oldest = this.#number - this.#kept.length;
    return era === this.#era && number >= oldest && number <= this.#number ? number : undefined;
  }

  #item(type: 'ready' | 'gap'): LiveItem {
    const event = { type, occurred_at: new Date().toISOString() };
    return { place: this.#place(this.#number), event };
  }

  #place(number: number): string {
    return `${this.#era}-${number}`;
  }

  #dropOldest(): void {
    for (const { id } of this.#kept.splice(0, this.#kept.length - MAX_KEPT)) this.#seen.delete(id);
  }
}

function newEra(): string {
  return randomBytes(6).toString('hex');
}

/** One job for each mail that waits, by the mail's id. What is to be sent stands in Postgres. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MailId } from '@portcullis/contracts';
import type { Queue } from 'bullmq';
import type { ChainableCommander, Redis } from 'ioredis';
import * as z from 'zod';
import type { Queryable } from '../database/database.ts';
import { findWaitingMails } from '../mail/waiting-mails.ts';
import { MAIL_JOB } from './catalogue.ts';
import { emptyQueue } from './empty-queue.ts';
import { LOCK_MS } from './open-queue.ts';

/** Attempts in all; the last of them is made more than half an hour after the first. */
const ATTEMPTS = 12;
/** 2 s, 4 s, 8 s … less up to half of each by chance, so that what failed together does not return together. */
const BACKOFF = { type: 'exponential', delay: 2_000, jitter: 0.5 };
const LONGEST_DELAY_MS = BACKOFF.delay * 2 ** (ATTEMPTS - 2);
/** BullMQ keeps what is delayed by this many times the moment in milliseconds. */
const SCORES_A_MS = 0x1000;
/** Milliseconds. A worker takes a job that waits at once, if any takes jobs at all. */
const TAKEN_WITHIN_MS = 1_000;

const someIds = z.array(z.string());

/** What Redis has of the queue. */
interface Held {
  /** Waits for a worker, the next one last. */
  waiting: string[];
  /** In the hands of a worker. */
  active: string[];
  /** For an attempt that comes in time. */
  delayed: string[];
}

export class MailJobs {
  readonly #queue: Queue;
  readonly #redis: Redis;
  readonly #emptied: () => void;

  /**
   * @param redis that the queue asks by
   * @param emptied called when the queue was of no use and was thrown away
   */
  constructor(queue: Queue, redis: Redis, emptied: () => void) {
    this.#queue = queue;
    this.#redis = redis;
    this.#emptied = emptied;
  }

  /** Nothing is remembered for a Redis that is unavailable: the sweep asks again. */
  async put(id: MailId): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    // One job for a mail: a second one by that id is not added.
    await this.#queue.add(
      MAIL_JOB.name,
      { mail: id },
      {
        jobId: id,
        attempts: ATTEMPTS,
        backoff: BACKOFF,
        removeOnComplete: true,
        removeOnFail: true,
        stackTraceLimit: 0,
      },
    );
  }

  /**
   * Puts in what waits in Postgres and has no job that will come to something: Redis has lost it, was
   * unavailable when it was to be put in, or holds it in a state that no worker takes it out of.
   */
  async putMissing(on: Queryable): Promise<void> {
    const held = await this.#heldByWorkingQueue();
    const known = new Set([...held.waiting, ...held.active, ...held.delayed]);
    let page: MailId[] = [];
    do {
      page = await findWaitingMails(on, page.at(-1) ?? null);
      for (const id of page) {
        if (known.has(id)) continue;
        await this.#remove(id);
        await this.put(id);
      }
    } while (page.length > 0);
  }

  /** Throws the queue away when it cannot be read, or when no worker takes what waits in it. */
  async #heldByWorkingQueue(): Promise<Held> {
    const before = await this.#held().catch((error: unknown) => {
      if (isWrongType(error)) return undefined;
      throw error;
    });
    const next = before?.waiting.at(-1);
    if (before !== undefined && (next === undefined || before.active.length > 0)) return before;
    if (before !== undefined) {
      await sleep(TAKEN_WITHIN_MS);
      const after = await this.#held();
      if (after.active.length > 0 || !after.waiting.includes(String(next))) return after;
    }
    await emptyQueue(this.#redis, this.#queue);
    this.#emptied();
    return { waiting: [], active: [], delayed: [] };
  }

  /** Of one moment. */
  async #held(): Promise<Held> {
    const latest = (Date.now() + LONGEST_DELAY_MS) * SCORES_A_MS;
    const [waiting = [], active = [], delayed = []] = await this.#answers(
      this.#redis
        .multi()
        .lrange(this.#key('wait'), 0, -1)
        .lrange(this.#key('active'), 0, -1)
        .zrangebyscore(this.#key('delayed'), '-inf', latest),
    );
    return { waiting, active: await this.#inHands(active), delayed };
  }

  /** Those with a lock that will end, or that were let go of since: these are looked at next time. */
  async #inHands(active: readonly string[]): Promise<string[]> {
    const locks = await Promise.all(active.map((id) => this.#redis.pttl(this.#key(`${id}:lock`))));
    const still = new Set(await this.#redis.lrange(this.#key('active'), 0, -1));
    return active.filter((id, index) => {
      const left = locks[index] ?? 0;
      return (left > 0 && left <= LOCK_MS) || !still.has(id);
    });
  }

  async #answers(asked: ChainableCommander): Promise<string[][]> {
    return ((await asked.exec()) ?? []).map(([error, ids]) => {
      if (error !== null) throw error;
      return someIds.parse(ids);
    });
  }

  async #remove(id: MailId): Promise<void> {
    const removed = await this.#redis
      .multi()
      .unlink(this.#key(id), this.#key(`${id}:lock`))
      .lrem(this.#key('wait'), 0, id)
      .lrem(this.#key('active'), 0, id)
      .zrem(this.#key('delayed'), id)
      .zrem(this.#key('failed'), id)
      .zrem(this.#key('completed'), id)
      .zrem(this.#key('prioritized'), id)
      .exec();
    for (const [error] of removed ?? []) if (error !== null) throw error;
  }

  #key(name: string): string {
    return this.#queue.toKey(name);
  }
}

/** A key that BullMQ has as one type is of another. */
function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}

/**
 * One limit: counted in Redis, over all instances; while Redis is unavailable or slow, by this instance
 * alone, and more strictly.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { Refusal } from '@portcullis/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { countOf, countWith, type Count } from './count.ts';
import type { Store } from './store.ts';

export interface Limit {
  name: string;
  /** Attempts. */
  points: number;
  /** Seconds that they are counted over. */
  duration: number;
}

/** What is left of a limit when an instance counts alone. */
const LOCAL_FACTOR = 0.5;
/** Counters that an instance keeps for each limit when it counts alone. */
const MAX_COUNTERS = 65_536;

/**
 * Of the library's own there is one that goes below zero, in a window of its making. The flag (Redis 7,
 * Valkey) lets it through when Redis is full, as DEL is: it needs no memory.
 */
const DECREMENT_SCRIPT = `#!lua flags=allow-oom
  local counted = tonumber(redis.call('get', KEYS[1]) or 0)
  if counted > 1 then return redis.call('decr', KEYS[1]) end
  return redis.call('del', KEYS[1])`;

export interface LimiterOptions {
  redis: Redis;
  /** Before every key. */
  prefix: string;
  /** Multiplies every limit. */
  scale: number;
}

export class Limiter {
  readonly #redis: Redis;
  readonly #store: Store;
  readonly #shared: RateLimiterRedis;
  readonly #local: RateLimiterMemory;
  /** Keeps clients from choosing whom to share a counter with. */
  readonly #salt = randomBytes(32);

  constructor({ name, points, duration }: Limit, options: LimiterOptions, store: Store) {
    const { redis, prefix, scale } = options;
    const scaled = (share: number) => Math.max(1, Math.floor(points * scale * share));
    const keyPrefix = `${prefix}:limit:${name}`;
    this.#redis = redis;
    this.#store = store;
    this.#local = new RateLimiterMemory({ keyPrefix, points: scaled(LOCAL_FACTOR), duration });
    this.#shared = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix,
      points: scaled(1),
      duration,
      // A connection that is not there is not waited for.
      rejectIfRedisNotReady: true,
    });
  }

  /**
   * @returns how many there have been, this one included, and how many may be
   * @throws Refusal `rate_limited`
   */
  async consume(key: string): Promise<Count> {
    const count = await this.#count(key);
    if (count.counted > count.allowed) {
      throw new Refusal('rate_limited', { retryAfter: count.seconds });
    }
    return count;
  }

  /** @returns seconds until the window is over, where as many were counted as the limit allows */
  async isExhausted(key: string): Promise<number | undefined> {
    const { counted, allowed, seconds } = await this.#store.ask(
      async () => countOf(this.#shared, await this.#shared.get(key)),
      async () => countOf(this.#local, await this.#local.get(this.#counterOf(key))),
    );
    return counted < allowed ? undefined : seconds;
  }

  /** Counts one, and refuses nothing. @returns whether it was the last that the limit allows */
  async consumeQuietly(key: string): Promise<boolean> {
    const { counted, allowed } = await this.#count(key);
    return counted === allowed;
  }

  /** Takes one off what is counted, and nothing off nothing: its window may be over. */
  async refund(key: string): Promise<void> {
    await this.#store.undo(
      async () => await this.#redis.eval(DECREMENT_SCRIPT, 1, this.#shared.getKey(key)),
      async () => {
        const counter = this.#counterOf(key);
        const counted = countOf(this.#local, await this.#local.get(counter)).counted > 0;
        if (counted) await this.#local.reward(counter);
        return counted;
      },
    );
  }

  /** In both places: the owner was here. */
  async forget(key: string): Promise<void> {
    await this.#local.delete(this.#counterOf(key));
    await this.#store.undo(
      () => this.#shared.delete(key),
      async () => false,
    );
  }

  #count(key: string): Promise<Count> {
    return this.#store.ask(
      () => countWith(this.#shared, key),
      () => countWith(this.#local, this.#counterOf(key)),
    );
  }

  /** Keys share a fixed number of counters, so that a flood of them fills no memory. */
  #counterOf(key: string): string {
    const digest = createHmac('sha256', this.#salt).update(key).digest();
    return String(digest.readUInt32BE() % MAX_COUNTERS);
  }
}

/**
 * How often one may try. Counted in Redis, over all instances; while Redis is away or slow, each
 * instance counts by itself, and more strictly.
 *
 * No limit is by account alone: anybody could use it to lock the owner out. Only hashes of addresses
 * go to Redis.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Refusal } from '@portcullis/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { networkOf } from './network.ts';

interface Limit {
  name: string;
  /** Attempts. */
  points: number;
  /** Seconds that they are counted over. */
  duration: number;
}

/** Wrong passwords for one account from one network. */
const ACCOUNT_AND_NETWORK: Limit = { name: 'login_account', points: 10, duration: 600 };
/** Wrong passwords from one network, for whatever accounts: spraying. */
const NETWORK: Limit = { name: 'login_network', points: 200, duration: 600 };
const REGISTRATION: Limit = { name: 'register_network', points: 100, duration: 600 };
/** What is left of a limit when an instance counts alone. */
const ALONE = 0.5;
/** Counters that an instance keeps for each limit when it counts alone. */
const MAX_COUNTERS = 65_536;
/** For how long Redis is not asked again after it did not answer, in milliseconds. */
const REST = 1_000;

export interface Limits {
  /** Counts an attempt before the password is looked at. @throws Refusal `rate_limited` */
  login(address: string, account: string): Promise<void>;
  /** A right password is no attack: it is taken off the count again. */
  loggedIn(address: string, account: string): Promise<void>;
  /** @throws Refusal `rate_limited` */
  registration(address: string): Promise<void>;
}

export interface LimitsOptions {
  redis: Redis;
  /** Before every key. */
  prefix: string;
  /** Multiplies every limit. */
  scale: number;
  /** Told when Redis did not answer. */
  degraded(error: unknown): void;
}

export function createLimits(options: LimitsOptions): Limits {
  const store = new Store(options);
  const byAccount = limiter(ACCOUNT_AND_NETWORK, options, store);
  const byNetwork = limiter(NETWORK, options, store);
  const registrations = limiter(REGISTRATION, options, store);
  const keyOf = (address: string, account: string) =>
    createHash('sha256')
      .update(`${networkOf(address)}\n${account}`)
      .digest('base64url');

  return {
    async login(address, account) {
      await byNetwork.consume(networkOf(address));
      await byAccount.consume(keyOf(address, account));
    },
    async loggedIn(address, account) {
      await byNetwork.giveBack(networkOf(address));
      await byAccount.forget(keyOf(address, account));
    },
    registration: (address) => registrations.consume(networkOf(address)),
  };
}

/** Whether Redis is worth asking; one slow answer is enough for a while. */
class Store {
  readonly #degraded: LimitsOptions['degraded'];
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor({ degraded }: LimitsOptions) {
    this.#degraded = degraded;
  }

  /** Redis first, then this instance's own count. A rejection that is an Error is Redis's. */
  async ask<T>(together: () => Promise<T>, alone: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#restUntil) return await alone();
    try {
      return await together();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#restUntil = performance.now() + REST;
      this.#degraded(error);
      return await alone();
    }
  }
}

function limiter({ name, points, duration }: Limit, options: LimitsOptions, store: Store) {
  const { redis, prefix, scale } = options;
  const scaled = (share: number) => Math.max(1, Math.floor(points * scale * share));
  const keyPrefix = `${prefix}:limit:${name}`;
  const alone = new RateLimiterMemory({ keyPrefix, points: scaled(ALONE), duration });
  const together = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix,
    points: scaled(1),
    duration,
    // A connection that is not there is not waited for.
    rejectIfRedisNotReady: true,
  });

  // Keys share a fixed number of counters, so that a flood of them fills no memory. The salt keeps
  // anybody from choosing whom to share one with.
  const salt = randomBytes(32);
  const counterOf = (key: string) =>
    String(createHmac('sha256', salt).update(key).digest().readUInt32BE() % MAX_COUNTERS);

  return {
    async consume(key: string): Promise<void> {
      try {
        await store.ask(
          () => together.consume(key),
          () => alone.consume(counterOf(key)),
        );
      } catch (rejected) {
        if (!(rejected instanceof RateLimiterRes)) throw rejected;
        const retryAfter = Math.max(1, Math.ceil(rejected.msBeforeNext / 1_000));
        throw new Refusal('rate_limited', { retryAfter });
      }
    },
    async giveBack(key: string): Promise<void> {
      await store.ask(
        () => together.reward(key),
        () => alone.reward(counterOf(key)),
      );
    },
    async forget(key: string): Promise<void> {
      await store.ask(
        () => together.delete(key),
        () => alone.delete(counterOf(key)),
      );
    },
  };
}

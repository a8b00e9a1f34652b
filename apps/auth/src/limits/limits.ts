/**
 * How often one may try. Counted in Redis, over all instances; while Redis is away or slow, each
 * instance counts by itself, and more strictly.
 *
 * No limit is by account alone: anybody could use it to lock the owner out. While an account, or the
 * whole service, is under attack, networks from which the account is not used get a few attempts each
 * instead of many: many addresses are slowed, and the owner gets in, from home and from a new place.
 *
 * Only hashes of addresses go to Redis.
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
/** Wrong passwords from one network, and what is refused there, for whatever accounts: spraying. */
const NETWORK: Limit = { name: 'login_network', points: 200, duration: 600 };
/** Wrong passwords for one account from all networks together: after these, it is under attack. */
const ATTACKED: Limit = { name: 'login_attacked', points: 30, duration: 600 };
/** Wrong passwords for all accounts from all networks: after these, somebody is spraying. */
const SPRAYED: Limit = { name: 'login_sprayed', points: 1_000, duration: 600 };
/** What a strange network has left of its attempts for one account that is under attack. */
const STRANGER_AT_ACCOUNT = 3;
/** What it has left for all accounts together while somebody is spraying. */
const STRANGER = 20;
const REGISTRATION: Limit = { name: 'register_network', points: 100, duration: 600 };
/** Mails that one network asks for, to whatever addresses; how many one account gets is bounded apart. */
const MAIL: Limit = { name: 'mail_network', points: 50, duration: 600 };
/** The key of what is counted over all accounts. */
const EVERYBODY = 'all';
/** What is left of a limit when an instance counts alone. */
const ALONE = 0.5;
/** Counters that an instance keeps for each limit when it counts alone. */
const MAX_COUNTERS = 65_536;
/** For how long Redis is not asked again after it did not answer, in milliseconds. */
const REST = 1_000;

export interface Limits {
  /**
   * Counts an attempt, for its network and there for the account, before the password is looked at. So
   * of many at once no more get in than there are wrong ones allowed, be they all right. What is refused
   * stays counted: whoever goes on all the same is soon refused at the least expense.
   *
   * @param isAtHome whether the account is used from this network; asked only under attack
   * @throws Refusal `rate_limited`
   */
  login(address: string, account: string, isAtHome: () => Promise<boolean>): Promise<void>;
  /** A right password is no attack: it is taken off the count again. */
  loggedIn(address: string, account: string): Promise<void>;
  /**
   * For what comes between the two: an attempt that ends there, because a nonce was asked for or a part
   * is away, is no guess, and is taken off the count. A wrong proof stays on it.
   */
  judging<T>(address: string, account: string, work: () => Promise<T>): Promise<T>;
  /**
   * Who reads the mailbox of the account is its owner: what was counted for it in their network is
   * taken off, so that a new password logs in at once. The network's own count stays.
   */
  provedMailbox(address: string, account: string): Promise<void>;
  /** A wrong one is counted for the account and for all of them, wherever it came from. */
  wrongPassword(account: string): Promise<void>;
  /** @throws Refusal `rate_limited` */
  registration(address: string): Promise<void>;
  /** @throws Refusal `rate_limited` */
  mail(address: string): Promise<void>;
}

export interface LimitsOptions {
  redis: Redis;
  /** Before every key. */
  prefix: string;
  /** Multiplies every limit. */
  scale: number;
  /** Told when Redis did not answer. */
  degraded(error: unknown): void;
  /** Told once for each attack and window, over all instances. */
  attacked(kind: AttackKind): void;
}

/** Many addresses at one account, or at the whole service. */
export type AttackKind = 'account' | 'spray';

export function createLimits(options: LimitsOptions): Limits {
  const store = new Store(options);
  const byAccount = limiter(ACCOUNT_AND_NETWORK, options, store);
  const byNetwork = limiter(NETWORK, options, store);
  const ofAccount = limiter(ATTACKED, options, store);
  const ofAll = limiter(SPRAYED, options, store);
  const registrations = limiter(REGISTRATION, options, store);
  const mails = limiter(MAIL, options, store);
  const hashOf = (...parts: string[]) =>
    createHash('sha256').update(parts.join('\n')).digest('base64url');
  const keyOf = (address: string, account: string) => hashOf(networkOf(address), account);
  const few = (points: number) => Math.max(1, Math.floor(points * options.scale));
  const judging: Limits['judging'] = async (address, account, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'invalid_dpop_proof')) {
        await Promise.all([
          byNetwork.giveBack(hashOf(networkOf(address))),
          byAccount.giveBack(keyOf(address, account)),
        ]).catch(() => undefined);
      }
      throw error;
    }
  };

  return {
    async login(address, account, isAtHome) {
      // One after the other: whoever is over the first limit must not fill Redis with accounts, nor use
      // up what others in that network have for theirs.
      const fromNetwork = await byNetwork.consume(hashOf(networkOf(address)));
      const [here, attack, spray] = await Promise.all([
        byAccount.consume(keyOf(address, account)),
        ofAccount.usedUp(hashOf(account)),
        ofAll.usedUp(EVERYBODY),
      ]);
      const tooMany =
        (attack !== undefined && here > few(STRANGER_AT_ACCOUNT)) ||
        (spray !== undefined && fromNetwork > few(STRANGER));
      if (tooMany && !(await judging(address, account, isAtHome))) {
        const retryAfter = Math.max(attack ?? 0, spray ?? 0);
        throw new Refusal('rate_limited', { retryAfter });
      }
    },
    judging,
    async loggedIn(address, account) {
      await Promise.all([
        byNetwork.giveBack(hashOf(networkOf(address))),
        byAccount.forget(keyOf(address, account)),
      ]);
    },
    async provedMailbox(address, account) {
      // Too strict for a while at worst; the proof was good all the same.
      await byAccount.forget(keyOf(address, account)).catch(() => undefined);
    },
    async wrongPassword(account) {
      const [attack, spray] = await Promise.all([
        ofAccount.usesUp(hashOf(account)),
        ofAll.usesUp(EVERYBODY),
      ]);
      if (attack) options.attacked('account');
      if (spray) options.attacked('spray');
    },
    async registration(address) {
      await registrations.consume(hashOf(networkOf(address)));
    },
    async mail(address) {
      await mails.consume(hashOf(networkOf(address)));
    },
  };
}

/** Whether Redis is worth asking; one slow answer is enough for a while. */
class Store {
  readonly #degraded: LimitsOptions['degraded'];
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor({ degraded }: LimitsOptions) {
    this.#degraded = degraded;
  }

  /** Redis first, then this instance's own count. */
  async ask<T>(together: () => Promise<T>, alone: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#restUntil) return await alone();
    try {
      return await together();
    } catch (error) {
      this.#rest(error);
      return await alone();
    }
  }

  /**
   * Takes off what was counted, where it was counted: in Redis, unless that rests and this instance
   * has a count of its own. A resting Redis is told all the same, and not waited for.
   *
   * @param alone @returns whether there was anything to take off
   */
  async undo(together: () => Promise<unknown>, alone: () => Promise<boolean>): Promise<void> {
    if (performance.now() < this.#restUntil) {
      if (!(await alone())) void together().catch(() => undefined);
      return;
    }
    try {
      await together();
    } catch (error) {
      this.#rest(error);
      await alone();
    }
  }

  #rest(error: unknown): void {
    this.#restUntil = performance.now() + REST;
    this.#degraded(error);
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

  const count = (key: string): Promise<Count> =>
    store.ask(
      () => countWith(together, key),
      () => countWith(alone, counterOf(key)),
    );

  return {
    /**
     * @returns how many there have been, this one included
     * @throws Refusal `rate_limited`
     */
    async consume(key: string): Promise<number> {
      const { counted, allowed, seconds } = await count(key);
      if (counted > allowed) throw new Refusal('rate_limited', { retryAfter: seconds });
      return counted;
    },
    /** @returns seconds until the window is over, where as many were counted as the limit allows */
    async usedUp(key: string): Promise<number | undefined> {
      const { counted, allowed, seconds } = await store.ask(
        async () => countOf(together, await together.get(key)),
        async () => countOf(alone, await alone.get(counterOf(key))),
      );
      return counted < allowed ? undefined : seconds;
    },
    /** Counts one, and refuses nobody. @returns whether it was the last that the limit allows */
    async usesUp(key: string): Promise<boolean> {
      const { counted, allowed } = await count(key);
      return counted === allowed;
    },
    /** Takes one off what is counted, and nothing off nothing: its window may be over. */
    async giveBack(key: string): Promise<void> {
      await store.undo(
        async () => await redis.eval(TAKE_OFF, 1, together.getKey(key)),
        async () => {
          const counter = counterOf(key);
          const counted = countOf(alone, await alone.get(counter)).counted > 0;
          if (counted) await alone.reward(counter);
          return counted;
        },
      );
    },
    /** In both places: the owner was here. */
    async forget(key: string): Promise<void> {
      await alone.delete(counterOf(key));
      await store.undo(
        () => together.delete(key),
        async () => false,
      );
    },
  };
}

interface Count {
  counted: number;
  allowed: number;
  /** Until the window is over; at least 1. */
  seconds: number;
}

/**
 * Of the library's own there is one that goes below zero, in a window of its making. The flag (Redis 7,
 * Valkey) lets it through when Redis is full, as DEL is: it needs no memory.
 */
const TAKE_OFF = `#!lua flags=allow-oom
  local counted = tonumber(redis.call('get', KEYS[1]) or 0)
  if counted > 1 then return redis.call('decr', KEYS[1]) end
  return redis.call('del', KEYS[1])`;

/** The library rejects with the count where it is above what is allowed. */
async function countWith(
  counter: RateLimiterRedis | RateLimiterMemory,
  key: string,
): Promise<Count> {
  const result = await counter.consume(key).catch((rejected: unknown) => {
    if (rejected instanceof RateLimiterRes) return rejected;
    throw rejected;
  });
  return countOf(counter, result);
}

/** @param result null where nothing was counted yet */
function countOf(
  { points: allowed }: RateLimiterRedis | RateLimiterMemory,
  result: RateLimiterRes | null,
): Count {
  const seconds = Math.max(1, Math.ceil((result?.msBeforeNext ?? 0) / 1_000));
  return { counted: result?.consumedPoints ?? 0, allowed, seconds };
}

/** Redis counts attempts, and nothing that it holds is needed to serve: it is never waited for long. */
import type { Logger } from '@portcullis/service';
import { Redis } from 'ioredis';

/** Milliseconds. */
const CONNECT_TIMEOUT = 2_000;
const COMMAND_TIMEOUT = 250;
const MAX_RECONNECT_DELAY = 2_000;
/** One complaint about an outage, not one for each attempt. */
const COMPLAIN_EVERY = 30_000;

export interface RedisConnection extends AsyncDisposable {
  readonly redis: Redis;
  readonly connected: boolean;
}

export function connectRedis(url: string, name: string, logger: Logger): RedisConnection {
  const redis = new Redis(url, {
    connectionName: name,
    connectTimeout: CONNECT_TIMEOUT,
    commandTimeout: COMMAND_TIMEOUT,
    // What cannot be asked now is not asked later: the answer would be about another moment.
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RECONNECT_DELAY),
  });
  let complainedAt = Number.NEGATIVE_INFINITY;
  redis.on('error', (error: Error) => {
    const now = performance.now();
    if (now - complainedAt < COMPLAIN_EVERY) return;
    complainedAt = now;
    logger.warn({ err: error }, 'redis is away; limits are counted by this instance alone');
  });
  redis.on('ready', () => {
    complainedAt = Number.NEGATIVE_INFINITY;
    logger.info('redis connected');
  });
  return {
    redis,
    get connected() {
      return redis.status === 'ready';
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}

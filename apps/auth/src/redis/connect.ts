/** Redis counts attempts, and nothing that it holds is needed to serve: it is never waited for long. */
import { Outage, redisTls, type Logger } from '@portcullis/service';
import { Redis } from 'ioredis';
import { explainTimeout } from './explain-timeout.ts';

/** Milliseconds. */
const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 250;
const MAX_RECONNECT_DELAY_MS = 2_000;

export interface RedisConnection extends AsyncDisposable {
  readonly redis: Redis;
  readonly connected: boolean;
  /** For who finds that it is there and does not count: full, read-only, too slow. */
  readonly outage: Outage;
}

export function connectRedis(url: string, name: string, logger: Logger): RedisConnection {
  const { address, options } = redisTls(url);
  const redis = new Redis(address, {
    ...options,
    connectionName: name,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // What cannot be asked now is not asked later: the answer would be about another moment.
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RECONNECT_DELAY_MS),
  });
  const effect = 'limits are counted by this instance alone';
  const outage = new Outage({ logger, part: 'redis', effect });
  redis.on('error', (error: Error) => {
    explainTimeout(url, error, (cause) => {
      if (cause === error || redis.status !== 'ready') outage.failed(cause, 'connecting');
    });
  });
  redis.on('ready', () => {
    outage.back();
    logger.info('redis connected');
  });
  return {
    redis,
    outage,
    get connected() {
      return redis.status === 'ready';
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}

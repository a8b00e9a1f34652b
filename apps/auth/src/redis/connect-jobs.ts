/** Connections for the queue, apart from that of the limits: commands here may wait for Redis. */
import { redisTls } from '@portcullis/service';
import { Redis } from 'ioredis';

/** Milliseconds. */
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 2_000;

/** @param options `commandTimeout` in milliseconds; none for a worker, whose commands block */
export function connectJobs(
  url: string,
  name: string,
  options: { commandTimeout?: number } = {},
): Redis {
  const { address, options: tls } = redisTls(url);
  return new Redis(address, {
    ...tls,
    ...options,
    connectionName: name,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RECONNECT_DELAY_MS),
  });
}

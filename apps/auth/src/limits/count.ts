import {
  RateLimiterRes,
  type RateLimiterMemory,
  type RateLimiterRedis,
} from 'rate-limiter-flexible';

export interface Count {
  counted: number;
  allowed: number;
  /** Until the window is over; at least 1. */
  seconds: number;
}

/** The library rejects with the count where it is above what is allowed. */
export async function countWith(
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
export function countOf(
  { points: allowed }: RateLimiterRedis | RateLimiterMemory,
  result: RateLimiterRes | null,
): Count {
  const seconds = Math.max(1, Math.ceil((result?.msBeforeNext ?? 0) / 1_000));
  return { counted: result?.consumedPoints ?? 0, allowed, seconds };
}

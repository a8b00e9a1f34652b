import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const AT_ONCE = 1_000;

/**
 * Throws away all that Redis has of a queue, whatever it is. Nothing is lost by it: what there is to do
 * stands in Postgres, and work that is under way is guarded there.
 */
export async function emptyQueue(redis: Redis, queue: Pick<Queue, 'toKey'>): Promise<void> {
  const pattern = `${queue.toKey('').replace(/[\\*?[\]^-]/g, String.raw`\$&`)}*`;
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', AT_ONCE);
    if (keys.length > 0) await redis.unlink(...keys);
    cursor = next;
  } while (cursor !== '0');
}

/**
 * A Redis that may evict what is queued only delays mails: they stand in Postgres. The queue's library would
 * complain on the console, past the log, and is kept from looking (`skipVersionCheck`).
 */
import type { Logger } from '@portcullis/service';
import type { Redis } from 'ioredis';

const WANTED = 'noeviction';

export function warnOfEviction(redis: Redis, logger: Logger): void {
  let warned = false;
  redis.on('ready', () => {
    redis.info('memory').then(
      (text) => {
        const policy = /^maxmemory_policy:(\S+)/m.exec(text)?.[1] ?? WANTED;
        if (policy === WANTED || warned) return;
        warned = true;
        logger.warn(
          { part: 'redis', policy },
          'redis may evict queued mails; they are queued again later: set maxmemory-policy to noeviction',
        );
      },
      // Unavailable again, or not allowed to say: neither concerns a mail.
      () => undefined,
    );
  });
}

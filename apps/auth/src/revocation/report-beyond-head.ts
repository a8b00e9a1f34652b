/**
 * Reports to operators that the log has gone back: a verifier has asked from beyond its head.
 *
 * Every verifier may ask so, again and again, and one with credentials may say so falsely. So each is
 * counted, and one in a while is logged.
 */
import type { Logger } from '@portcullis/service';
import type { Clock } from '@portcullis/verify';
import type { BeyondHead } from './grants.ts';

/** Between two lines. Milliseconds. */
const PAUSE_MS = 10_000;

export interface ReportBeyondHeadOptions {
  logger: Pick<Logger, 'error'>;
  count(found: BeyondHead): void;
  clock: Pick<Clock, 'monotonic'>;
}

export function createReportBeyondHead({
  logger,
  count,
  clock,
}: ReportBeyondHeadOptions): (found: BeyondHead) => void {
  let notBefore = Number.NEGATIVE_INFINITY;
  let unreported = 0;

  return (found) => {
    count(found);
    const now = clock.monotonic();
    if (now < notBefore) {
      unreported += 1;
      return;
    }
    notBefore = now + PAUSE_MS;
    const { service, incarnation, position, head } = found;
    logger.error(
      { verifier: service, incarnation, position, head, unreported },
      'the log has gone back: a verifier has asked from beyond its head, and starts over; ' +
        'if a backup was restored, stop auth and run after-restore',
    );
    unreported = 0;
  };
}

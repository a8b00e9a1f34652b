/**
 * A question for a grant, and an answer that comes late.
 *
 * Freshness is counted from the question, so its answer is worth something for all of S. The next
 * question does not wait for so long: an answer may be lost, and it takes three to lose S. So the verifier
 * that asks waits for a part of that time only, and what comes after it is handed over all the same. An
 * issuer that is slow, but answers, keeps a verifier fresh.
 *
 * Invariants: every answer is handed over once, in time or late, with the question that it was given
 * to. There is no second question before the last question was answered or was late, so no more than three are
 * without an answer at any moment, and a slow issuer is asked no more often than one that is silent.
 */
import type { GrantRequest } from '@portcullis/contracts';
import type { Clock } from '../clock.ts';
import type { RevocationFeed } from './feed.ts';

/** For so many times the patience an answer is worth something. */
const LATE_REPLY_FACTOR = 3;

/**
 * @param patienceMs for the answer to come in time
 * @param late is given an answer that comes after that
 * @returns the answer as it came
 * @throws when there was none in time
 */
export async function requestWithLateReply(
  feed: Pick<RevocationFeed, 'request'>,
  clock: Pick<Clock, 'after'>,
  request: GrantRequest,
  patienceMs: number,
  late: (bytes: Uint8Array) => void,
): Promise<Uint8Array> {
  return await new Promise<Uint8Array>((resolve, reject) => {
    let isLate = false;
    const timer = clock.after(patienceMs, () => {
      isLate = true;
      reject(new Error('no answer in time'));
    });
    feed.request(request, LATE_REPLY_FACTOR * patienceMs).then(
      (bytes) => {
        timer.cancel();
        if (isLate) late(bytes);
        else resolve(bytes);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error('no answer', { cause: error }));
      },
    );
  });
}

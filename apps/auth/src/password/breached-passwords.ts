/**
 * Asks a service whether a password was among those that were stolen elsewhere, without disclosing the
 * password: the service is given five hexadecimal digits of a SHA-1 and answers with every hash that
 * begins so (the "range" interface of Have I Been Pwned, which others offer as well).
 *
 * The service is not ours, so its outage is no reason to refuse: the list that is built in has been
 * asked before. The outage is logged, and counted.
 */
import { readBounded } from '@portcullis/verify';
import { createHash } from 'node:crypto';

/** Milliseconds that a user's registration waits for it. */
const TIMEOUT_MS = 1_500;
/** Bytes of an answer; with padding it has some 1,000 lines of 40. */
const MAX_ANSWER = 512 * 1_024;
const PREFIX_DIGITS = 5;

/** @returns null when the service could not say */
export type IsBreached = (password: string) => Promise<boolean | null>;

export const noBreachCheck: IsBreached = async () => false;

/** @param url the prefix is appended to it, as in `https://api.pwnedpasswords.com/range/` */
export function rangeService(url: string, failed: (error: unknown) => void): IsBreached {
  return async (password) => {
    const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
    const rest = digest.slice(PREFIX_DIGITS);
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(url + digest.slice(0, PREFIX_DIGITS), {
        // Answers of one length, so that their size says nothing of the prefix.
        headers: { 'add-padding': 'true', 'user-agent': 'portcullis' },
        redirect: 'error',
        signal,
      });
      if (!response.ok) throw new Error(`the service answered ${response.status}`);
      return (await linesOf(response, signal)).some((line) => {
        const [hash, count] = line.split(':');
        return hash?.toUpperCase() === rest && Number(count) > 0;
      });
    } catch (error) {
      failed(error);
      return null;
    }
  };
}

async function linesOf(response: Response, signal: AbortSignal): Promise<string[]> {
  const bytes = await readBounded(response, MAX_ANSWER, signal);
  return bytes.toString('latin1').split(/\r?\n/);
}

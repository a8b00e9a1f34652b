/** Asks the issuer for its key set (RFC 7517), once. */
import { isLoopbackHost } from '@portcullis/contracts';
import { readBounded } from '../wire/read-bounded.ts';
import type { VerificationKey } from '../jws/verification-key.ts';
import { parseStrictJson } from '../wire/strict-json.ts';
import { problemsOfKeys, readKeySet } from './key-set.ts';

const FETCH_TIMEOUT_MS = 3_000;
const MAX_BYTES = 64 * 1024;

/** What is needed of an answer. */
export type FetchedAnswer = Pick<Response, 'status' | 'body'>;
export type Fetch = (url: string, init: RequestInit) => Promise<FetchedAnswer>;

/**
 * @throws TypeError for an address at which another host on the way could put keys of its own into the set
 */
export function demandTrustedAddress(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopbackHost(hostname))) {
    throw new TypeError('keys are fetched over https, except from this machine');
  }
}

/** @throws Error with the reason, when there is no answer, or the answer is no key set of use */
export async function fetchKeySet(
  url: string,
  fetch: Fetch,
): Promise<Map<string, VerificationKey>> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal,
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the key set was answered ${response.status}`);
  }
  const bytes = await readBounded(response, MAX_BYTES, signal);
  const document = parseStrictJson(bytes);
  const keys = readKeySet(document);
  // No issuer is without a key: that is a fault, and no reason to refuse every token.
  if (keys.size === 0) {
    throw new Error(['the key set has no usable key', ...problemsOfKeys(document)].join('; '));
  }
  return keys;
}

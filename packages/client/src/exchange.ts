/** One HTTP request and its whole answer, within a bound. */
import { eitherSignal } from './either-signal.ts';
import { PortcullisError } from './error.ts';
import { noAnswerFrom } from './no-answer.ts';

/** The longest that one request may take, in milliseconds; a receipt alone may wait 10 seconds. */
export const CALL_TIMEOUT_MS = 20_000;
/** The same for a request for tokens, which other calls wait for. */
export const TOKEN_TIMEOUT_MS = 10_000;

export type Fetch = typeof globalThis.fetch;

export interface Answer {
  ok: boolean;
  status: number;
  headers: Headers;
  /** Parsed JSON; nothing about its shape is known yet. */
  body: unknown;
}

/**
 * @throws PortcullisError `network`, `aborted`, or `protocol` for an answer that is not JSON
 */
export async function exchange(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  timeoutMs: number,
): Promise<Answer> {
  const caller = init.signal ?? undefined;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = caller === undefined ? timeout : eitherSignal(caller, timeout);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, signal });
    text = await response.text();
  } catch (cause) {
    if (caller?.aborted === true) throw new PortcullisError('aborted', { cause });
    throw noAnswerFrom(url, cause);
  }
  try {
    const body: unknown = JSON.parse(text);
    return { ok: response.ok, status: response.status, headers: response.headers, body };
  } catch (cause) {
    throw new PortcullisError('protocol', { status: response.status, cause });
  }
}

/** Seconds of `Retry-After` (RFC 9110 section 10.2.3); its date form is not used here. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

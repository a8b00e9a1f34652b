/** When a stream that has ended is opened again. */
import type { ClientErrorCode, PortcullisError } from './error.ts';

/** A stream that has been open for this long starts again without a delay, in milliseconds. */
export const STABLE_MS = 10_000;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;

/** What passes by itself. A token that has to be renewed is another matter. */
const PASSING: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'network',
  'internal',
  'unavailable',
  'overloaded',
  'rate_limited',
  'request_timeout',
  'verifier_stale',
]);

export function isRetryable({ code, status }: PortcullisError): boolean {
  // A proxy's error page is no word of the service's.
  return PASSING.has(code) || (code === 'protocol' && status !== undefined && status >= 500);
}

/** Doubles, with jitter, so that the clients of a service that restarts do not come all at once. */
export function reconnectDelayMs(attempts: number, error: PortcullisError): number {
  const growing = FIRST_DELAY_MS * 2 ** Math.min(attempts, 10);
  const asked = (error.retryAfterSeconds ?? 0) * 1_000;
  return Math.min(MAX_DELAY_MS, Math.max(growing, asked)) * (0.5 + Math.random() / 2);
}

/** Resolves after this time, or when the signal fires. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/** One request, and what came of it: nothing that happens to it is an exception here. */
import { z } from 'zod';

const TIMEOUT_MS = 15_000;

export interface Answer {
  /** Moments of this process's monotonic clock, milliseconds. */
  readonly start: number;
  readonly end: number;
  /** 0 where there was none. */
  readonly status: number;
  readonly body: unknown;
  /** The code of the refusal, or why there was no answer. */
  readonly detail: string;
  /** For how long not to ask again, in seconds, where the answer says so. */
  readonly retryAfter?: number;
}

export type Ask = (url: string, request: RequestInit) => Promise<Answer>;

const code = z.object({ code: z.string() });

export const ask: Ask = async (url, request) => {
  const start = performance.now();
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    const end = performance.now();
    const { status } = response;
    const body: unknown = parsed(text);
    const detail = code.safeParse(body).data?.code ?? '';
    const retryAfter = response.headers.get('retry-after');
    const said = retryAfter === null ? {} : { retryAfter: Number(retryAfter) };
    return { start, end, status, body, detail, ...said };
  } catch (error) {
    // What fetch throws says only that it failed; the cause is within.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const detail = cause instanceof Error ? cause.message : 'no answer';
    return { start, end: performance.now(), status: 0, body: undefined, detail };
  }
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

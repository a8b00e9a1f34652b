/** TanStack Query with calls that this package's client makes; the library itself is not needed here. */
import { isPortcullisError, type SessionClient } from '@portcullis/client';

const RETRIES = 3;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/** For `new QueryClient({ defaultOptions: queryDefaults() })`. */
export interface QueryDefaults {
  queries: {
    retry(failures: number, error: Error): boolean;
    retryDelay(failures: number, error: Error): number;
  };
  mutations: { retry: false };
}

/**
 * A query that no answer came to, or that was told to come back, is asked three times more, after the time that the
 * service names. A refusal is final: the client has renewed the token already, where that helps. A mutation is never
 * repeated, since it may have been done.
 */
export function queryDefaults(): QueryDefaults {
  return {
    queries: {
      retry: (failures, error) => failures < RETRIES && passes(error),
      retryDelay(failures, error) {
        const asked = isPortcullisError(error) ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
        return Math.min(MAX_DELAY_MS, Math.max(asked, FIRST_DELAY_MS * 2 ** failures));
      },
    },
    mutations: { retry: false },
  };
}

function passes(error: Error): boolean {
  // What is no word of a service of Portcullis may pass or not; the library repeats it, and so does this.
  if (!isPortcullisError(error)) return true;
  const { status, code } = error;
  return code === 'network' || status === 408 || status === 429 || (status ?? 0) >= 500;
}

/** The part of a `QueryClient` that is used. */
export interface ClearableCache {
  clear(): void;
}

/**
 * Forgets what was asked for in the name of a user, as soon as that user has signed out, or another one has signed in.
 *
 * @returns how to stop that
 */
export function clearOnSignOut(
  cache: ClearableCache,
  { session }: Pick<SessionClient, 'session'>,
): () => void {
  const stops = [session.onSignedOut(() => cache.clear()), session.onSignedIn(() => cache.clear())];
  return () => {
    for (const stop of stops) stop();
  };
}

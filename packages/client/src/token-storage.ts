/** Where a session's tokens are kept. */
import type { Tokens } from '@portcullis/api';
import { isRecord, secondsOf } from './answer-shape.ts';

/**
 * In memory by default: what scripts of a page can read, an injected script can read too, and
 * `localStorage` keeps it for them.
 */
export interface TokenStorage {
  /** What `set` was last given, or anything else: it is checked, and what is not tokens is ignored. */
  get(): unknown;
  set(tokens: Tokens): void | Promise<void>;
  clear(): void | Promise<void>;
  /**
   * Set where several tabs or processes share this storage: the name of a Web Lock, under which one
   * of them refreshes at a time.
   */
  readonly lockName?: string;
}

export function memoryStorage(): TokenStorage {
  let held: Tokens | undefined;
  return {
    get: () => held,
    set: (tokens) => {
      held = tokens;
    },
    clear: () => {
      held = undefined;
    },
  };
}

export function isTokens(value: unknown): value is Tokens {
  return (
    isRecord(value) &&
    typeof value['access_token'] === 'string' &&
    typeof value['refresh_token'] === 'string' &&
    typeof value['session_id'] === 'string' &&
    secondsOf(value['expires_in']) !== undefined
  );
}

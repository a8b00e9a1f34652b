/** Where a session's tokens are kept. */
import type { Tokens } from '@portcullis/api';
import { isRecord, secondsOf } from './answer-shape.ts';

/** As they are kept: with the moment, where auth's answer has a duration. */
export interface StoredTokens extends Tokens {
  /** When the access token expires, in milliseconds since the epoch, by this machine's clock. */
  expires_at?: number;
}

/**
 * In memory by default: what scripts of a page can read, an injected script can read too, and
 * `localStorage` keeps it for them.
 */
export interface TokenStorage {
  /** What `set` was last given, or anything else: it is checked, and what is not tokens is ignored. */
  get(): unknown;
  set(tokens: StoredTokens): void | Promise<void>;
  clear(): void | Promise<void>;
  /**
   * Set where several tabs or processes share this storage: the name of a Web Lock, under which one
   * of them refreshes at a time.
   */
  readonly lockName?: string;
  /**
   * Keeps the tokens if the refresh token that is kept is still this one, in one step that no other tab comes between: a
   * logout there is then not undone by a refresh here. Without it, the two are a `get` and a `set`.
   *
   * @returns whether they were kept
   */
  replace?(refreshToken: string, tokens: StoredTokens): Promise<boolean>;
  /** Calls back when another tab or process has changed what is kept. @returns how to stop that */
  subscribe?(listener: () => void): () => void;
}

export function memoryStorage(): TokenStorage {
  let held: StoredTokens | undefined;
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

export function isTokens(value: unknown): value is StoredTokens {
  return (
    isRecord(value) &&
    typeof value['access_token'] === 'string' &&
    typeof value['refresh_token'] === 'string' &&
    typeof value['session_id'] === 'string' &&
    secondsOf(value['expires_in']) !== undefined &&
    (value['expires_at'] === undefined || Number.isFinite(value['expires_at']))
  );
}

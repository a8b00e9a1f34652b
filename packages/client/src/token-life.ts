/**
 * When an access token expires, by two clocks. The monotonic one is right whatever is done to the time of day, and may
 * stand still while the machine sleeps; the other one goes on meanwhile, and may be set.
 */
import { isRecord, secondsOf } from './answer-shape.ts';
import type { StoredTokens } from './token-storage.ts';

/** A token is renewed this long before it expires, in milliseconds, or at the last tenth of a short life. */
const RENEWAL_MARGIN_MS = 30_000;

export class TokenLife {
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Known from elsewhere, by the time of day alone, which may be wrong: the services decide. */
  readonly isGuess: boolean;
  readonly #monotonic: number;
  readonly #marginMs: number;

  constructor(leftMs: number, lifeSeconds: number, isGuess: boolean) {
    this.#monotonic = performance.now() + leftMs;
    this.expiresAt = Date.now() + leftMs;
    this.#marginMs = renewalMarginMs(lifeSeconds);
    this.isGuess = isGuess;
  }

  isOver(): boolean {
    return performance.now() >= this.#monotonic;
  }

  /** Whether it is time for a new one. */
  isDue(): boolean {
    const before = this.#marginMs;
    return performance.now() >= this.#monotonic - before || Date.now() >= this.expiresAt - before;
  }
}

/**
 * The life of tokens that were stored earlier: by the moment that was stored with them, or by the token's own `exp`
 * (RFC 9068 section 2.2).
 *
 * @returns undefined where nothing says it
 */
export function guessedLife(tokens: StoredTokens): TokenLife | undefined {
  const expiresAt = tokens.expires_at ?? timesOf(tokens.access_token)?.expiresAt;
  if (expiresAt === undefined) return undefined;
  return new TokenLife(expiresAt - Date.now(), tokens.expires_in, true);
}

/**
 * What a token says of itself (RFC 9068 section 2.2), which is not checked here.
 *
 * @returns undefined for what is no such token
 */
export function timesOf(token: string): { expiresAt: number; lifeSeconds: number } | undefined {
  try {
    const [, payload = ''] = token.split('.');
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    if (!isRecord(claims)) return undefined;
    const exp = secondsOf(claims['exp']);
    const issued = secondsOf(claims['iat']) ?? 0;
    return exp === undefined ? undefined : { expiresAt: exp * 1_000, lifeSeconds: exp - issued };
  } catch {
    return undefined;
  }
}

/** @param lifeSeconds `expires_in` of the token */
export function renewalMarginMs(lifeSeconds: number): number {
  return Math.min(RENEWAL_MARGIN_MS, lifeSeconds * 100);
}

import { isRecord, secondsOf } from './answer-shape.ts';

/** A token is renewed this long before it expires, in milliseconds, or at the last tenth of a short life. */
const RENEWAL_MARGIN_MS = 30_000;

/**
 * Milliseconds that a token has to live, by its own `exp` (RFC 9068 section 2.2) and this machine's clock:
 * for one that was stored earlier, of which nothing else is known. A guess: the clock may be wrong.
 *
 * @returns undefined for what is no such token
 */
export function guessedLifeMs(token: string): number | undefined {
  try {
    const [, payload = ''] = token.split('.');
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    const exp = isRecord(claims) ? secondsOf(claims['exp']) : undefined;
    return exp === undefined ? undefined : exp * 1_000 - Date.now();
  } catch {
    return undefined;
  }
}

/** @param lifeSeconds `expires_in` of the token */
export function renewalMarginMs(lifeSeconds: number): number {
  return Math.min(RENEWAL_MARGIN_MS, lifeSeconds * 100);
}

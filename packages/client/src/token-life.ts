/** A token is renewed this long before it expires, in milliseconds, or at the last tenth of a short life. */
const RENEWAL_MARGIN_MS = 30_000;

/** @param lifeSeconds `expires_in` of the token */
export function renewalMarginMs(lifeSeconds: number): number {
  return Math.min(RENEWAL_MARGIN_MS, lifeSeconds * 100);
}

/** How long tokens and sessions live. */

/** Seconds. The service refuses to start when asked for more: a revocation is kept for this long. */
export const MAX_TOKEN_SECONDS = 3_600;
/** Seconds for which an entry of the revocation log outlives the last token that it affects. */
export const TOKEN_MARGIN_SECONDS = 15 * 60;

/** What is configured of sessions. */
export interface SessionLimits {
  /** For how long a session lives after its last refresh, in seconds (OWASP ASVS 5.0, 7.3). */
  readonly idleSeconds: number;
  /** For how long it lives after its login, however much it is used, in seconds. */
  readonly absoluteSeconds: number;
  /**
   * Sessions that a user may have open. One more ends the one that was used least recently: to refuse
   * it would let an attacker with the password lock the owner out.
   */
  readonly most: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  idleSeconds: 14 * 24 * 3600,
  absoluteSeconds: 90 * 24 * 3600,
  most: 50,
};

/**
 * For how long the immediate predecessor of a refresh token still gets its successor again: a lost
 * answer, or two tabs of one browser.
 */
export const GRACE_SECONDS = 30;

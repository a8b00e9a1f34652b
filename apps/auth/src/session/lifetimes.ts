/** For how long a session may be refreshed (OWASP ASVS 5.0, 7.3). Seconds. */
export const IDLE_SECONDS = 14 * 24 * 3600;
export const ABSOLUTE_SECONDS = 90 * 24 * 3600;

/**
 * Sessions that a person may have open. One more ends the one that was used least recently: to refuse
 * it would let whoever has the password lock the owner out.
 */
export const MAX_SESSIONS = 50;

/**
 * For how long the immediate predecessor of a refresh token still gets its successor again: a lost
 * answer, or two tabs of one browser.
 */
export const GRACE_SECONDS = 30;

/** Characters of a user agent that are kept. */
export const MAX_USER_AGENT = 256;

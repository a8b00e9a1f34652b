/** Seconds. The service refuses to start when asked for more: a revocation is kept for this long. */
export const MAX_TOKEN_SECONDS = 3_600;
/** Seconds for which an entry of the revocation log outlives the last token that it affects. */
export const TOKEN_MARGIN_SECONDS = 15 * 60;

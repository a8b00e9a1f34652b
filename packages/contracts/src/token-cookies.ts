/**
 * The names of the cookies that carry tokens.
 *
 * `__Host-`: a browser takes such a cookie only over https, with `Path=/` and without `Domain`, so
 * that no sibling host and no plain http can set or replace it (RFC 6265bis section 4.1.3.2).
 */
export interface TokenCookieNames {
  access: string;
  refresh: string;
}

const HOST_ONLY: TokenCookieNames = {
  access: '__Host-portcullis-access',
  refresh: '__Host-portcullis-refresh',
};
/** For plain http on a developer's machine, where a browser refuses the form above. */
const INSECURE: TokenCookieNames = {
  access: 'portcullis-insecure-access',
  refresh: 'portcullis-insecure-refresh',
};

/** Never both: where one form is taken, the other may be of another site. */
export function tokenCookieNames(insecure: boolean): TokenCookieNames {
  return insecure ? INSECURE : HOST_ONLY;
}

/** What tokens say of a login by a password and a code, made by an app or kept on paper. */
export const FACTOR_CLAIMS = {
  /** RFC 8176: one-time password. */
  amr: ['otp'],
  /** RFC 9068 section 2.2.1: for services that ask for a class (RFC 9470). */
  acr: 'urn:portcullis:acr:mfa',
} as const;

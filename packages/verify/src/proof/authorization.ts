/** The `Authorization` header of a request with an access token (RFC 6750 section 2.1, RFC 9449 section 7.1). */
import { Refusal } from '@portcullis/contracts';

export interface PresentedToken {
  token: string;
  /** Whether it claims to be bound, and a proof has to come with it. */
  scheme: 'bearer' | 'dpop';
}

/** What follows it is a token68 (RFC 9110 section 11.2), or not: that is for the verifier of it. */
const SCHEME = /^(bearer|dpop) +/i;

/**
 * @param sent in the `Authorization` headers that the request has: a list of two or more
 * @throws Refusal `invalid_token` for anything that is not one token of one of the two schemes
 */
export function readAuthorization(sent: string | readonly string[] | undefined): PresentedToken {
  const value = typeof sent === 'string' ? sent : '';
  const [before, scheme] = SCHEME.exec(value) ?? [];
  if (before === undefined) {
    const isSeveral = sent !== undefined && typeof sent !== 'string';
    throw new Refusal('invalid_token', { reason: isSeveral ? 'several_tokens' : 'no_token' });
  }
  return {
    token: value.slice(before.length),
    scheme: scheme?.toLowerCase() === 'dpop' ? 'dpop' : 'bearer',
  };
}

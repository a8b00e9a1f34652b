/** The `Authorization` header of a request with an access token (RFC 6750 section 2.1, RFC 9449 section 7.1). */
import { Refusal } from '@portcullis/contracts';

export interface PresentedToken {
  token: string;
  /** Whether it claims to be bound, and a proof has to come with it. */
  scheme: 'bearer' | 'dpop';
}

const SPACE = 0x20;

/**
 * By characters, not by an expression, which would make a list and three texts of each request.
 *
 * @param sent in the `Authorization` headers that the request has: a list of two or more
 * @throws Refusal `invalid_token` for anything that is not one token of one of the two schemes
 */
export function readAuthorization(sent: string | readonly string[] | undefined): PresentedToken {
  const value = typeof sent === 'string' ? sent : '';
  const space = value.indexOf(' ');
  const scheme = space === -1 ? undefined : schemeNamed(value.slice(0, space));
  if (scheme === undefined) {
    const isSeveral = sent !== undefined && typeof sent !== 'string';
    throw new Refusal('invalid_token', { reason: isSeveral ? 'several_tokens' : 'no_token' });
  }
  // What follows it is a token68 (RFC 9110 section 11.2), or not: that is for the verifier of it.
  let begin = space + 1;
  while (value.charCodeAt(begin) === SPACE) begin += 1;
  return { token: value.slice(begin), scheme };
}

/** In letters of any size (RFC 9110 section 11.1). */
function schemeNamed(name: string): PresentedToken['scheme'] | undefined {
  // As nearly every client writes it.
  if (name === 'Bearer') return 'bearer';
  const lower = name.toLowerCase();
  return lower === 'bearer' || lower === 'dpop' ? lower : undefined;
}

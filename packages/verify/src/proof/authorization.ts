/** The `Authorization` header of a request with an access token (RFC 6750 section 2.1, RFC 9449 section 7.1). */
import { Refusal } from '@portcullis/contracts';

export interface PresentedToken {
  token: string;
  /** Whether it claims to be bound, and a proof has to come with it. */
  scheme: 'bearer' | 'dpop';
}

/**
 * What a request has brought: the raw header, the same made of a cookie, or why that does not count; undefined
 * where there is nothing. A refusal travels in its place so that it is answered as one, where the token
 * is checked, and not thrown where a framework would make 500 of it.
 */
export type Authorization = string | Refusal | undefined;

/** What follows it is a token68 (RFC 9110 section 11.2), or not: that is for the verifier of it. */
const SCHEME = /^(bearer|dpop) +/i;

/** @throws Refusal the one that came; `invalid_token` for anything that is not of one of the two schemes */
export function readAuthorization(value: Authorization = ''): PresentedToken {
  if (value instanceof Refusal) throw value;
  const [before, scheme] = SCHEME.exec(value) ?? [];
  if (before === undefined) throw new Refusal('invalid_token');
  return {
    token: value.slice(before.length),
    scheme: scheme?.toLowerCase() === 'dpop' ? 'dpop' : 'bearer',
  };
}

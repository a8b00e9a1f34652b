/** The `Authorization` header of a request with an access token (RFC 6750 section 2.1, RFC 9449 section 7.1). */
import { Refusal } from '@portcullis/contracts';

export interface PresentedToken {
  token: string;
  /** Whether it claims to be bound, and a proof has to come with it. */
  scheme: 'bearer' | 'dpop';
}

/** Both have the form token68 (RFC 9110 section 11.2); the length is judged by whoever verifies. */
const FORM = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i;

/** @throws Refusal `invalid_token` for anything but one token under one of the two schemes */
export function readAuthorization(value: string | undefined): PresentedToken {
  const [, scheme, token] = FORM.exec(value ?? '') ?? [];
  if (scheme === undefined || token === undefined) throw new Refusal('invalid_token');
  return { token, scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer' };
}

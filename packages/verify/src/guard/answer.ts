/** A refusal on its way out: all that an answer needs, for any framework. */
import type { ErrorBody, Refusal } from '@portcullis/contracts';
import type { RequestLike } from '../wire/request.ts';
import { refusalHeaders, type RefusalHeaders } from './refusal-headers.ts';
import { presentedScheme, type TokenPolicy } from './token-of.ts';

export interface RefusalAnswer {
  status: number;
  /** `www-authenticate`, `retry-after` and `dpop-nonce`, each where there is a reason for it. */
  headers: RefusalHeaders;
  /** To be sent as JSON. Public and the same for every request, but for the id of the request. */
  body: ErrorBody;
}

/**
 * Status, headers and body (RFC 6750 section 3, RFC 9449 sections 7.1 and 9, RFC 9470 section 3).
 *
 * @param policy that the token was looked for with: it decides what counts as credentials, and where there is
 *   no public URL, bound tokens are not offered
 * @param requestId names the request in the log; empty unless given
 */
export function answerOf(
  refusal: Refusal,
  request: RequestLike,
  { cookies, publicUrls, requestId = '' }: TokenPolicy & { requestId?: string } = {},
): RefusalAnswer {
  const takesProofs = publicUrls?.length !== 0;
  return {
    status: refusal.status,
    headers: refusalHeaders(refusal, presentedScheme(request, cookies), takesProofs),
    body: refusal.toBody(requestId),
  };
}

/** A refusal on its way out: all that an answer needs, for any framework. */
import type { ErrorBody, Refusal } from '@portcullis/contracts';
import type { RequestLike } from '../wire/request.ts';
import { refusalHeaders, type RefusalHeaders } from './refusal-headers.ts';
import { requestIdOf } from './request-id.ts';
import { presentedScheme, type TokenPolicy } from './token-of.ts';

export interface RefusalAnswer {
  status: number;
  /**
   * `cache-control: no-store`, `x-request-id` with the id in the body, and `www-authenticate`, `retry-after` and
   * `dpop-nonce`, each where there is a reason for it.
   */
  headers: RefusalHeaders;
  /** To be sent as JSON. Public and the same for every request, but for the id of the request. */
  body: ErrorBody;
}

/**
 * Status, headers and body (RFC 6750 section 3, RFC 9449 sections 7.1 and 9, RFC 9470 section 3). It is for one caller
 * alone, and is stored nowhere, as no answer with a nonce should be (RFC 9449 section 8.2).
 *
 * @param policy that the token was looked for with: it decides what counts as credentials, and where there is
 *   no public URL, bound tokens are not offered
 * @param requestId names the request in the log; that of `requestIdOf` unless given or where it is unfit for a header,
 *   and none where it is empty
 */
export function answerOf(
  refusal: Refusal,
  request: RequestLike,
  {
    cookies,
    publicUrls,
    requestId: given,
  }: TokenPolicy & {
    requestId?: string | undefined;
  } = {},
): RefusalAnswer {
  const requestId = given === '' ? '' : requestIdOf(request, given);
  const takesProofs = publicUrls?.length !== 0;
  return {
    status: refusal.status,
    headers: {
      'cache-control': 'no-store',
      ...(requestId !== '' && { 'x-request-id': requestId }),
      ...refusalHeaders(refusal, presentedScheme(request, cookies), takesProofs),
    },
    body: refusal.toBody(requestId),
  };
}

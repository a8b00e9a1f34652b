/** Reads the error of a token endpoint (RFC 6749 section 5.2). */
import { isRecord, textOr } from './answer-shape.ts';
import { isErrorCode, PortcullisError, type ErrorCode } from './error.ts';
import { retryAfterOf, type Answer } from './exchange.ts';

const CODE_OF: Readonly<Record<string, ErrorCode>> = {
  invalid_request: 'invalid_request',
  invalid_client: 'invalid_credentials',
  invalid_grant: 'invalid_refresh_token',
  unauthorized_client: 'insufficient_scope',
  unsupported_grant_type: 'invalid_request',
  invalid_scope: 'insufficient_scope',
  invalid_target: 'invalid_request',
  insufficient_scope: 'insufficient_scope',
  invalid_dpop_proof: 'invalid_dpop_proof',
  use_dpop_nonce: 'use_dpop_nonce',
  server_error: 'internal',
  temporarily_unavailable: 'unavailable',
};

export function oauthErrorOf(answer: Answer): PortcullisError {
  const body = isRecord(answer.body) ? answer.body : {};
  const named = textOr(body['error'], '');
  // What is refused before the endpoint is reached (a rate limit, say) has a Portcullis code.
  const mapped = Object.hasOwn(CODE_OF, named) ? CODE_OF[named] : undefined;
  const code = isErrorCode(body['code']) ? body['code'] : mapped;
  return new PortcullisError(code ?? 'protocol', {
    message: textOr(body['error_description'], textOr(body['message'], undefined)),
    status: answer.status,
    requestId: textOr(body['request_id'], answer.headers.get('x-request-id') ?? undefined),
    retryAfterSeconds: retryAfterOf(answer.headers),
  });
}

/** Errors of the token endpoint, exactly as RFC 6749 section 5.2 has them. */
import { refusalOf } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { RepeatedMember, type FastifyReply, type FastifyRequest } from '@portcullis/service';
import { refusalHeaders, type RefusalHeaders } from '@portcullis/verify/guard';

export type OAuthCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'insufficient_scope'
  | 'unsupported_grant_type'
  /** RFC 9449 section 5 and 8; the endpoint answers them 400, a service 401. */
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce';

export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: OAuthCode;

  /** @param description constant public text */
  constructor(code: OAuthCode, description: string, options?: ErrorOptions) {
    super(description, options);
    this.code = code;
  }
}

const STATUS: Partial<Record<OAuthCode, number>> = { invalid_client: 401, insufficient_scope: 403 };

/** Headers of every answer of the endpoint (RFC 6749 section 5.1). */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** A body that the framework did not take: too long, of another type, broken off. */
function isClientFault(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Refusal || !('statusCode' in error))
    return false;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}

/** What the RFCs have a name of their own for. */
function asOAuthError(error: unknown): OAuthError | null {
  if (error instanceof OAuthError) return error;
  if (!(error instanceof Refusal)) return null;
  const { code, message, cause } = error;
  if (code === 'invalid_dpop_proof' || code === 'use_dpop_nonce') {
    return new OAuthError(code, message, { cause });
  }
  // The one parameter that may be repeated (RFC 8707 section 2), which is not served here.
  if (cause instanceof RepeatedMember && cause.member === 'resource') {
    return new OAuthError('invalid_target', 'A token is for one resource, or for all.');
  }
  return null;
}

/** A challenge is for those who ask with a token; here the body tells the client (RFC 9449 section 8). */
function withoutChallenge(refusal: Refusal): Omit<RefusalHeaders, 'www-authenticate'> {
  const { 'www-authenticate': _challenge, ...headers } = refusalHeaders(refusal, 'none');
  return headers;
}

export function answerOAuthError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.headers(NO_STORE);
  if (error instanceof Refusal) void reply.headers({ ...withoutChallenge(error) });
  const known = asOAuthError(error);
  if (known !== null) {
    request.log.debug({ code: known.code, err: known.cause }, 'refused');
    if (known.code === 'invalid_client') {
      void reply.headers({ ...refusalHeaders(new Refusal('invalid_client'), 'none') });
    }
    void reply
      .code(STATUS[known.code] ?? 400)
      .send({ error: known.code, error_description: known.message });
    return;
  }
  const refusal = isClientFault(error) ? new Refusal('invalid_request') : refusalOf(error);
  void reply.headers({ ...withoutChallenge(refusal) });
  if (refusal.status >= 500) request.log.warn({ err: refusal.cause ?? refusal }, 'cannot serve');
  // The RFC names no codes for what is not the client's fault; its section 4.1.2.1 has these two.
  if (refusal.status === 500) void reply.code(500).send({ error: 'server_error' });
  else if (refusal.status === 429 || refusal.status === 503) {
    void reply.code(refusal.status).send({ error: 'temporarily_unavailable' });
  } else {
    const error_description = 'The request is malformed.';
    void reply.code(400).send({ error: 'invalid_request', error_description });
  }
}

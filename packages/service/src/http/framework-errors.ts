/** The errors of the HTTP framework and of Node's parser, as refusals. */
import { Refusal, type PlainErrorCode } from '@portcullis/contracts';
import { refusalOf } from '@portcullis/api';

const FRAMEWORK_CODES: Readonly<Record<string, PlainErrorCode>> = {
  FST_ERR_NOT_FOUND: 'not_found',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_INVALID_URL: 'invalid_request',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
  FST_ERR_VALIDATION: 'invalid_request',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'invalid_request',
  FST_ERR_HANDLER_TIMEOUT: 'unavailable',
};

/** For any error that was thrown on the way of a request. */
export function refusalOfHttp(error: unknown): Refusal {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const known = Object.hasOwn(FRAMEWORK_CODES, error.code)
      ? FRAMEWORK_CODES[error.code]
      : undefined;
    if (known !== undefined) return new Refusal(known, { cause: error });
    // The client broke off in the middle of its body; fastify has marked that as the client's doing.
    if (error.code === 'ECONNRESET' && 'statusCode' in error && error.statusCode === 400) {
      return new Refusal('invalid_request', { cause: error });
    }
  }
  return refusalOf(error);
}

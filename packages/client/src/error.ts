/** The one error that calls through this package reject with. */
import type { AuthRouter, PublicError } from '@portcullis/api';
import { TRPCClientError } from '@trpc/client';

/** What a service may refuse with. */
export type ErrorCode = PublicError['code'];

/**
 * Beside what a service says: `network`, no answer came, or not in time; `protocol`, an answer came
 * that no Portcullis service gives (a proxy's error page, say); `aborted`, the caller gave up.
 */
export type ClientErrorCode = ErrorCode | 'network' | 'protocol' | 'aborted';

export type Issue = NonNullable<PublicError['issues']>[number];

// The contracts hold the same list as a zod schema, which the SDK does not carry along. A code that
// is added there and not here does not compile.
const CODES = {
  invalid_request: true,
  invalid_json: true,
  invalid_token: true,
  token_stale: true,
  invalid_dpop_proof: true,
  use_dpop_nonce: true,
  invalid_credentials: true,
  challenge_failed: true,
  invalid_challenge: true,
  invalid_code: true,
  invalid_client: true,
  invalid_refresh_token: true,
  invalid_link: true,
  login_too_old: true,
  login_too_weak: true,
  insufficient_scope: true,
  actor_refused: true,
  cross_site: true,
  not_found: true,
  method_not_allowed: true,
  conflict: true,
  last_administrator: true,
  request_timeout: true,
  payload_too_large: true,
  uri_too_long: true,
  unsupported_media_type: true,
  headers_too_large: true,
  rate_limited: true,
  internal: true,
  unavailable: true,
  overloaded: true,
  verifier_stale: true,
} as const satisfies Record<ErrorCode, true>;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(CODES, value);
}

export interface PortcullisErrorDetail {
  message?: string | undefined;
  status?: number | undefined;
  requestId?: string | undefined;
  retryAfterSeconds?: number | undefined;
  issues?: readonly Issue[] | undefined;
  cause?: unknown;
}

/**
 * Extends tRPC's own error, so that code that handles tRPC's errors handles this one too, and so that
 * tRPC passes it on as it is. Its message is public and never holds a token.
 */
export class PortcullisError extends TRPCClientError<AuthRouter> {
  readonly code: ClientErrorCode;
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  /** Names the request in the logs of the services. */
  readonly requestId: string | undefined;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined;
  /** What is wrong with the input, for `invalid_request`. */
  readonly issues: readonly Issue[];

  constructor(code: ClientErrorCode, detail: PortcullisErrorDetail = {}) {
    super(
      detail.message ?? MESSAGES[code] ?? code,
      detail.cause instanceof Error ? { cause: detail.cause } : {},
    );
    // tRPC's constructor sets the prototype to its own.
    Object.setPrototypeOf(this, new.target.prototype);
    this.name = 'PortcullisError';
    this.code = code;
    this.status = detail.status;
    this.requestId = detail.requestId;
    this.retryAfterSeconds = detail.retryAfterSeconds;
    this.issues = detail.issues ?? [];
  }
}

const MESSAGES: Partial<Record<ClientErrorCode, string>> = {
  network: 'No answer came from the service.',
  protocol: 'Unexpected response.',
  aborted: 'The request was aborted.',
};

/** Whether it is a `PortcullisError`, and one of these codes where any are named. */
export function isPortcullisError(
  error: unknown,
  ...codes: readonly ClientErrorCode[]
): error is PortcullisError {
  return error instanceof PortcullisError && (codes.length === 0 || codes.includes(error.code));
}

/** Any value that a call was rejected with, as a `PortcullisError`. */
export function portcullisErrorOf(error: unknown): PortcullisError {
  if (error instanceof PortcullisError) return error;
  const cause = error instanceof TRPCClientError ? (error.cause ?? error) : error;
  const aborted = cause instanceof Error && cause.name === 'AbortError';
  return new PortcullisError(aborted ? 'aborted' : 'protocol', { cause });
}

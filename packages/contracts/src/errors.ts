/**
 * Everything that can be refused, once: the stable code that a program may branch on, the HTTP
 * status, and the constant public text. Private detail goes into `cause`, and from there into the
 * log, never into an answer.
 */

import type { RefusalReason } from './refusal-reasons.ts';

const REFUSALS = {
  invalid_request: [400, 'The request does not have the form that this operation takes.'],
  invalid_json: [400, 'The body is not valid JSON.'],
  invalid_token: [401, 'The access token is missing, expired, revoked or not valid here.'],
  token_stale: [401, 'The access token carries outdated claims. Refresh it.'],
  invalid_dpop_proof: [401, 'The DPoP proof is missing, used, outdated or not for this request.'],
  use_dpop_nonce: [401, 'The DPoP proof needs the nonce of the DPoP-Nonce header.'],
  invalid_credentials: [401, 'The e-mail address or the password is wrong.'],
  challenge_failed: [401, 'The answer to the challenge is wrong.'],
  invalid_challenge: [401, 'The challenge is expired, used or not valid. Log in again.'],
  invalid_code: [400, 'The authorization code is expired, used or not valid. Sign in again.'],
  invalid_client: [401, 'The client did not prove who it is.'],
  invalid_refresh_token: [401, 'The refresh token is expired, used, revoked or not valid.'],
  invalid_link: [400, 'The link is expired, used or not valid. Ask for another one.'],
  login_too_old: [401, 'A recent login is required. Log in again, then repeat the request.'],
  login_too_weak: [
    401,
    'A stronger login is required. Log in by another way, then repeat the request.',
  ],
  insufficient_scope: [403, 'The access token does not carry the permission that this needs.'],
  /** Only between services: auth's word about the user in whose name a machine client asks. */
  actor_refused: [403, 'The user in whose name this was asked for may not do it.'],
  cross_site: [403, 'A call with cookies has to come from an origin that this service knows.'],
  not_found: [404, 'Not found.'],
  method_not_allowed: [405, 'This address does not take that method.'],
  request_timeout: [408, 'The request took too long to arrive.'],
  conflict: [409, 'The request conflicts with the present state.'],
  last_administrator: [409, 'The last administrator cannot be removed, disabled or demoted.'],
  payload_too_large: [413, 'The body is larger than this service accepts.'],
  uri_too_long: [414, 'The address is longer than this service accepts.'],
  unsupported_media_type: [415, 'The body has a content type that this operation does not take.'],
  headers_too_large: [431, 'The headers are larger than this service accepts.'],
  rate_limited: [429, 'Too many attempts. Wait, then try again.'],
  internal: [500, 'Something went wrong on our side.'],
  unavailable: [503, 'A dependency is unavailable. Retry later.'],
  overloaded: [503, 'The service is busy. Try again shortly.'],
  verifier_stale: [503, 'This service cannot be sure that the token was not revoked. Try again.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ErrorCode = keyof typeof REFUSALS;
/** Those that say all by themselves: a nonce is refused only together with the next one (RFC 9449 section 8). */
export type PlainErrorCode = Exclude<ErrorCode, 'use_dpop_nonce'>;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys forgets what a closed record has
export const ERROR_CODES = Object.keys(REFUSALS) as [ErrorCode, ...ErrorCode[]];

/** One problem with one part of the input. `path` is dotted; `message` never repeats the value. */
export interface Issue {
  path: string;
  message: string;
}

/** The body of every error answer of the plain HTTP surface. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  request_id: string;
  issues?: Issue[] | undefined;
}

export interface RefusalOptions {
  /** Private detail for the log. */
  cause?: unknown;
  /** Why the token did not let the request in, where that is why: for the log and the metrics, never for an answer. */
  reason?: RefusalReason | undefined;
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  retryAfter?: number;
  /** What is wrong with the input, for `invalid_request`; what it conflicts with, for `conflict`. */
  issues?: readonly Issue[];
  /** What would do instead; becomes a part of `WWW-Authenticate`. */
  demanded?: Demanded;
}

interface NonceRefusalOptions extends RefusalOptions {
  /** Which the next DPoP proof has to hold; becomes `DPoP-Nonce`. */
  dpopNonce: string;
}

interface AnyRefusalOptions extends RefusalOptions {
  dpopNonce?: string;
}

type RefusalArguments =
  | [code: PlainErrorCode, options?: RefusalOptions]
  | [code: 'use_dpop_nonce', options: NonceRefusalOptions];

/** The parameters of a challenge by which a client asks for a token that would do. */
export interface Demanded {
  /** By single spaces (RFC 6750 section 3). */
  scope?: string | undefined;
  /** By single spaces, the best first (RFC 9470 section 3). */
  acr_values?: string | undefined;
  /** Seconds since the login (RFC 9470 section 3). */
  max_age?: number | undefined;
}

/**
 * The one error type that crosses a boundary. Its message is public and constant for its code. Every
 * other error is a defect or a fault of the infrastructure, and is answered 500 or 503.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  /** Of HTTP. A property of its own, and one that may be set: Koa does so with every error that it answers. */
  readonly status: number;
  readonly reason: RefusalReason | undefined;
  readonly retryAfter: number | undefined;
  readonly issues: readonly Issue[] | undefined;
  readonly demanded: Demanded;
  readonly dpopNonce: string | undefined;

  constructor(...[code, given]: RefusalArguments) {
    const options: AnyRefusalOptions = given ?? {};
    super(REFUSALS[code][1], options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = REFUSALS[code][0];
    this.reason = options.reason;
    this.retryAfter = options.retryAfter;
    this.issues = options.issues;
    this.demanded = options.demanded ?? {};
    this.dpopNonce = options.dpopNonce;
  }

  /** The public body of this refusal. */
  toBody(requestId: string): ErrorBody {
    const body: ErrorBody = { code: this.code, message: this.message, request_id: requestId };
    if (this.issues !== undefined) body.issues = [...this.issues];
    return body;
  }
}

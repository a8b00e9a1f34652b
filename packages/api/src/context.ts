import type {
  AccessTokenClaims,
  MachineClaims,
  RolesAllow,
  UserClaims,
} from '@portcullis/contracts';

/** What every request brings along, whichever way it came. */
export interface RequestContext {
  requestId: string;
  /** Network address of the client; forwarded headers count only from configured proxies. */
  address: string;
  userAgent: string | undefined;
  /** Aborted when the client disconnects. */
  signal: AbortSignal;
  cookies: TokenCookies;
  /** What roles carry at this moment; Portcullis' own unless it is there. */
  access?: RolesAllow | undefined;
  /**
   * Checks the request's bearer token, now. Called once for each procedure, not for each HTTP
   * request, so that a revocation between two calls of a batch is seen.
   *
   * @throws Refusal `invalid_token`, `token_stale` or `verifier_stale`
   */
  authenticate(): Promise<AccessTokenClaims>;
  /**
   * Checks the DPoP proof of the request (RFC 9449), where it has one, and takes it for used. Asked for
   * by what binds tokens to keys, once it knows that it would serve the request otherwise.
   *
   * @returns the thumbprint of the key; undefined when the request proves nothing
   * @throws Refusal `invalid_dpop_proof` or `use_dpop_nonce`
   */
  provePossession(): Promise<string | undefined>;
  /**
   * Checks the token, and goes on doing so for as long as the answer is open: for streams. Released
   * by itself when the answer ends.
   *
   * @throws Refusal as `authenticate` does; `overloaded` or `rate_limited` when the service, or the
   *   caller, has too many streams open already
   */
  watch(): Promise<WatchedToken>;
}

/** The tokens of cookie mode: those that the request brings, and those that its answer sets. */
export interface TokenCookies {
  /** Undefined where there is none, or more than one. */
  readonly refreshToken: string | undefined;
  /**
   * To be asked before the work is done.
   *
   * @throws Refusal `cross_site` when a page that may not have cookies asks for them;
   *   `unsupported_media_type` for a form, which any page can send
   */
  requireSameOrigin(): void;
  keep(tokens: { access_token: string; expires_in: number; refresh_token: string }): void;
  /** Nothing where the request brought none. */
  clear(): void;
}

/** A token that a stream is open with. */
export interface WatchedToken {
  claims: AccessTokenClaims;
  /**
   * Fires when the stream has to end. `reason` is a `Refusal`: `invalid_token` is final; after
   * `token_stale`, `verifier_stale` and `unavailable` the client may open another.
   */
  signal: AbortSignal;
}

/** What a verb gets of a call that needed a token. */
export interface Call<C extends AccessTokenClaims = UserClaims> {
  caller: C;
  request: RequestContext;
}
export type UserCall = Call;

/** What a verb gets with a stream that a user has opened. */
export interface UserStream extends UserCall {
  /** Fires when the stream has ended, for any reason. The verb ends its part then. */
  ended: AbortSignal;
}
export type MachineCall = Call<MachineClaims>;

/** What a verb gets with a call without a token. */
export interface AnonymousCall {
  request: RequestContext;
}

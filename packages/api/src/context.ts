import type { AccessTokenClaims, MachineClaims, UserClaims } from '@portcullis/contracts';

/** What every request brings along, whichever way it came. */
export interface RequestContext {
  requestId: string;
  /** Network address of the client; forwarded headers count only from configured proxies. */
  address: string;
  userAgent: string | undefined;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
  /**
   * Checks the request's bearer token, now. Called once for each procedure, not for each HTTP
   * request, so that a revocation between two calls of a batch is seen.
   *
   * @throws Refusal `invalid_token`, `token_stale` or `verifier_stale`
   */
  authenticate(): Promise<AccessTokenClaims>;
}

/** What a verb is told of a call that needed a token. */
export interface Call<C extends AccessTokenClaims = UserClaims> {
  caller: C;
  request: RequestContext;
}
export type UserCall = Call;
export type MachineCall = Call<MachineClaims>;

/** What a verb is told of a call that anybody may make. */
export interface AnonymousCall {
  request: RequestContext;
}

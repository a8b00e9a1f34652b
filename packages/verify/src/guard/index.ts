/** Guards a service in any framework; the other guards (`./trpc`, `./ws`, `./express` and so on) are made of it. */
export { answerOf, type RefusalAnswer } from './answer.ts';
export {
  createGuard,
  type Checked,
  type Guard,
  type GuardBy,
  type RequestGuard,
  type RequirementBy,
  type TokenCheck,
  type WatchedCaller,
} from './guard.ts';
export {
  createDpopNonces,
  demandNonce,
  NONCE_LIFE_S,
  type DpopNonces,
  type NonceState,
} from '../proof/dpop-nonces.ts';
export { openingRequest, type NodeRequestLike } from './opening-request.ts';
export { nonceHeaders, type NonceHeaders } from './nonce-headers.ts';
export type { GuardOptions, LoginDemands } from './options.ts';
export { refusalHeaders, type OfferedScheme, type RefusalHeaders } from './refusal-headers.ts';
export { possessionOf, tokenOf, type TokenOfRequest, type TokenPolicy } from './token-of.ts';
export { newRequestId, requestIdOf, sentRequestId } from './request-id.ts';
export { answerToError, createRouteGuard, isUnreadable, type RouteGuard } from './route-guard.ts';
export { requestTarget, type RequestTarget } from '../wire/request-target.ts';
export {
  headerValues,
  type HeaderList,
  type RawRequest,
  type RequestLike,
} from '../wire/request.ts';
export type { CookiePolicy } from '../cookie/index.ts';
export { isUserClaims, Refusal } from '@portcullis/contracts';
export type {
  AccessRules,
  AccessTokenClaims,
  ClaimsOf,
  Demanded,
  ErrorBody,
  ErrorCode,
  MachineClaims,
  Permission,
  Requirement,
  Role,
  UserClaims,
} from '@portcullis/contracts';

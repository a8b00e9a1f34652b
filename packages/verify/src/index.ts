export {
  Refusal,
  type AccessRules,
  type ErrorCode,
  type Permission,
  type PermissionOf,
  type RefusalReason,
  type Role,
  type RoleOf,
} from '@portcullis/contracts';
export { systemClock, type Clock, type Timer } from './clock.ts';
export { createVerifier } from './create-verifier.ts';
export type { ExplainedSteps, Explanation, StepOutcome } from './explain/explanation.ts';
export type { Fetch, FetchedAnswer } from './keys/fetch-key-set.ts';
export type { KeySetListener, KeySetStatus, KilledKeysListener } from './keys/jwks.ts';
export { readKeySet } from './keys/key-set.ts';
export { holdsSecret, readPublicKey, type PublicKey } from './jws/public-key.ts';
export { rocaProblem } from './jws/roca.ts';
export { jwsSignatureHolds, parseJws, type Jws } from './jws/jws.ts';
export type { Possession } from './proof/possession.ts';
export {
  RefusalCounts,
  type RefusalListener,
  type RefusalReport,
} from './refusals/refusal-counts.ts';
export type { Comparison } from './revocation/comparison.ts';
export { withFallback, type GrantSource } from './revocation/failover.ts';
export type { FeedListener, RevocationFeed } from './revocation/feed.ts';
export type { ReplicaState } from './revocation/replica-states.ts';
export type { MalformedListener, MessageKind, ReplicaStats } from './revocation/replica-options.ts';
export type { ProblemListener, VerifierProblem } from './set-up/problem.ts';
export type { Introspect } from './stale/introspection.ts';
export type { WhenStale } from './stale/policy.ts';
export { readClaims, type Expectations } from './token/claims.ts';
export { derOfEs256 } from './jws/es256-der.ts';
export { isMediaType } from './jws/media-type.ts';
export { readBounded } from './wire/read-bounded.ts';
export { invalidToken, TokenFault } from './token/token-fault.ts';
export { TokenReader, type IssuerKeys, type TokenReaderOptions } from './token/token-reader.ts';
export { MAX_TOKEN_LENGTH, parseToken, type ParsedToken } from './token/parse.ts';
export type { Algorithm } from './jws/verification-key.ts';
export { signatureHolds } from './jws/signature.ts';
export type { VerificationKey } from './jws/verification-key.ts';
export type {
  AppliedListener,
  Assurance,
  TransitionListener,
  Verified,
  Verifier,
  VerifierOptions,
  VerifierStats,
  VerifyOptions,
  Watched,
} from './verifier.ts';

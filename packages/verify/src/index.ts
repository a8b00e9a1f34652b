export { systemClock, type Clock, type Timer } from './clock.ts';
export { createVerifier } from './create-verifier.ts';
export type { Fetch } from './keys/fetch-key-set.ts';
export type { KeySetListener, KeySetStatus, KilledKeysListener } from './keys/jwks.ts';
export { readKeySet } from './keys/key-set.ts';
export { holdsSecret, readPublicKey, type PublicKey } from './keys/public-key.ts';
export { rocaProblem } from './keys/roca.ts';
export {
  readAuthorization,
  type Authorization,
  type PresentedToken,
} from './proof/authorization.ts';
export { DPOP_ALGORITHMS, readDpopProof, type DpopProof } from './proof/dpop-proof.ts';
export { jwsSignatureHolds, parseJws, type Jws } from './proof/jws.ts';
export { PossessionGuard, type Possession } from './proof/possession.ts';
export { thumbprintOf } from './proof/thumbprint.ts';
export { refusalHeaders, type OfferedScheme } from './refusal-headers.ts';
export { withFallback, type GrantSource } from './revocation/failover.ts';
export type { FeedListener, RevocationFeed } from './revocation/feed.ts';
export { Ledger, type Verdict } from './revocation/ledger.ts';
export {
  Replica,
  type MalformedListener,
  type MessageKind,
  type ReplicaState,
  type ReplicaStats,
} from './revocation/replica.ts';
export type { ProblemListener, VerifierProblem } from './set-up/set-up.ts';
export type { Introspect } from './stale/introspection.ts';
export type { WhenStale } from './stale/policy.ts';
export { readClaims, type Expectations } from './token/claims.ts';
export { derOfEs256 } from './token/es256-der.ts';
export { isMediaType } from './token/media-type.ts';
export { MAX_TOKEN_LENGTH, parseToken, type Algorithm, type ParsedToken } from './token/parse.ts';
export { signatureHolds, type VerificationKey } from './token/signature.ts';
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

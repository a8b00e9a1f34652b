export { systemClock, type Clock, type Timer } from './clock.ts';
export type { Fetch } from './keys/jwks.ts';
export { readKeySet } from './keys/key-set.ts';
export type { FeedListener, RevocationFeed } from './revocation/feed.ts';
export { Ledger, type Verdict } from './revocation/ledger.ts';
export { Replica, type ReplicaState, type ReplicaStats } from './revocation/replica.ts';
export { readClaims, type Expectations } from './token/claims.ts';
export { MAX_TOKEN_LENGTH, parseToken, type Algorithm, type ParsedToken } from './token/parse.ts';
export { signatureHolds, type VerificationKey } from './token/signature.ts';
export {
  createVerifier,
  type AppliedListener,
  type TransitionListener,
  type Verifier,
  type VerifierOptions,
  type VerifierStats,
} from './verifier.ts';

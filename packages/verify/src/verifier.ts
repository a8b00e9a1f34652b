/** What a verifier is given, what it may be asked, and what it answers. */
import type {
  AccessRules,
  AccessTokenClaims,
  Permission,
  Refusal,
  RefusalReason,
  RevocationEvent,
  Role,
  StalenessPolicy,
} from '@portcullis/contracts';
import type { Clock } from './clock.ts';
import type { Explanation } from './explain/explanation.ts';
import type { Fetch } from './keys/fetch-key-set.ts';
import type { KeySetListener, KeySetStatus, KilledKeysListener } from './keys/jwks.ts';
import type { Possession } from './proof/possession.ts';
import type { RefusalListener } from './refusals/refusal-counts.ts';
import type { RevocationFeed } from './revocation/feed.ts';
import type { ReplicaState } from './revocation/replica-states.ts';
import type { MalformedListener, ReplicaStats } from './revocation/replica-options.ts';
import type { ProblemListener, VerifierProblem } from './set-up/problem.ts';
import type { WhenStale } from './stale/policy.ts';

export interface VerifierOptions {
  /** The issuer, exactly as in `iss`. Its keys are at `/.well-known/jwks.json` below it. */
  issuer: string;
  /** What `aud` must name. A verifier without an audience does not exist. */
  audience: string;
  /** The name of the service, as receipts show it. */
  service: string;
  /** Where revocations come from, for instance `natsFeed` of `@portcullis/verify/feeds/nats`. */
  feed: RevocationFeed;
  /** What happens while no grant has come for S; `{ policy: 'reject' }` unless given. */
  whenStale?: WhenStale;
  /** A cap on `exp - iat` regardless of the issuer's, in seconds; 3600 unless given. */
  maxTokenLifeSeconds?: number;
  /**
   * How many tokens are remembered as verified, so that the next request with one costs a look-up;
   * 50,000 unless given, none when zero. One takes about 1.1 kB.
   */
  maxCachedTokens?: number;
  /**
   * Called for each message that did not parse: damaged, of a version to come, or sent by one who has
   * auth's credentials. Nothing is changed by it. Worth a bounded line in the log; `stats()` counts them.
   */
  onMalformed?: MalformedListener;
  /**
   * Called for what an operator has to change before tokens are accepted: a wrong address, user, permission,
   * secret, issuer or audience; within five seconds of the start, once for each. While it runs, called when nothing
   * vouches for tokens any more, and when something does again (`isOver`), at most so much in ten seconds; and once for
   * each permission that is asked for and declared nowhere. Unless given, the process emits a warning.
   */
  onProblem?: ProblemListener;
  /**
   * Called with why tokens were refused, by this verifier and by its guards: for each reason at once, then every ten
   * seconds with how many there have been since. Worth a line in the log; it never has a token in it. `stats()` counts them.
   */
  onRefusals?: RefusalListener;
  /** Where the keys are, when it is not the usual place. */
  jwksUrl?: string;
  /** For tests. */
  clock?: Clock;
  fetch?: Fetch;
}

export interface VerifierStats extends ReplicaStats {
  accepted: number;
  refused: number;
  /** Why: how often for each reason, those of the guards of this verifier too. */
  reasons: Readonly<Partial<Record<RefusalReason, number>>>;
  /** Those of the accepted that introspection vouched for. */
  introspected: number;
  /** Those of the accepted that nothing vouched for (policy `accept`). */
  acceptedStale: number;
  /** Signals that callers hold. */
  watched: number;
  /** Tokens remembered as verified. */
  cached: number;
}

/** What stood behind an acceptance. */
export type Assurance = 'fresh' | 'introspected' | 'none';

export interface Verified {
  claims: AccessTokenClaims;
  assurance: Assurance;
}

export interface VerifyOptions {
  /** A stricter policy than the verifier's own, for what must not be served in doubt. */
  whenStale?: StalenessPolicy;
  /**
   * What came with the token under the `DPoP` scheme (RFC 9449). A bound token is refused without it,
   * and any other token with it. One object for each request, however often it is verified.
   */
  possession?: Possession | undefined;
}

/** A token that goes on being checked. Dispose of it when what it was opened for has ended. */
export interface Watched extends Disposable {
  claims: AccessTokenClaims;
  /**
   * Fires when the token holds no longer. `reason` is a `Refusal`: `invalid_token` is final, and a
   * client must not come back; `token_stale` (its life is over, or its claims have changed) and
   * `verifier_stale` may be tried again.
   */
  signal: AbortSignal;
}

export type AppliedListener = (event: RevocationEvent, lagMs: number) => void;
export type TransitionListener = (to: ReplicaState, from: ReplicaState) => void;

/**
 * Checks access tokens without a network call, and refuses when it cannot be sure. `P` and `N` are the names of the
 * permissions and roles that there are.
 */
export interface Verifier<
  P extends string = Permission,
  N extends string = Role,
> extends AsyncDisposable {
  /** What roles carry at this moment, as the issuer has signed it. */
  readonly access: AccessRules<P, N>;
  /**
   * @param token the compact form, without `Bearer`
   * @returns the claims of a token that holds at this moment; frozen, since all who bring the same
   *   token share them
   * @throws Refusal `invalid_token`; `token_stale` when a refresh would help; `invalid_dpop_proof`;
   *   `verifier_stale` (503) when too much time has passed without word from the issuer;
   *   `unavailable` (503) when its key is not known and the key set cannot be fetched, and for a bound token where what
   *   checks proofs, which is loaded with the first of them, cannot be loaded
   */
  verify(token: string, options?: VerifyOptions): Promise<AccessTokenClaims>;
  /**
   * The same without a promise wherever nothing has to be waited for, which is almost always: a promise
   * comes back for an unknown key, for the first proof of a bound token, and where auth has to be asked.
   *
   * @throws Refusal as `verify`, at once or by the promise
   */
  verifyMaybeSync(
    token: string,
    options?: VerifyOptions,
  ): AccessTokenClaims | Promise<AccessTokenClaims>;
  /** The same, and what the acceptance rests on. */
  verifyWithAssurance(token: string, options?: VerifyOptions): Promise<Verified>;
  /**
   * Checks a token and goes on doing so, for streams, sockets and jobs. While stale it refuses, under
   * any policy. What goes on checking is loaded with the first call.
   *
   * @throws Refusal as `verify`; `unavailable` where that cannot be loaded
   */
  watch(token: string, options?: Pick<VerifyOptions, 'possession'>): Promise<Watched>;
  /**
   * What `verify(token)` does with it at this moment, and why: each step with the values that were compared. For who
   * holds the credentials of the service: it tells more of a token than a client may know, and belongs into no answer.
   * It may ask the issuer for a key; it throws nothing, counts nothing, and has neither the token nor its signature in it.
   */
  explain(token: string): Promise<Explanation>;
  /** Counts what a guard has refused by itself, before or after the token was checked. */
  noteRefusal(refusal: Refusal): void;
  /**
   * The time by the issuer's clock, as far as it is known: milliseconds since the epoch; minus infinity before
   * the first word from the issuer.
   */
  readonly issuerNowMs: number;
  readonly state: ReplicaState;
  /** For how much longer tokens may be accepted without another word from the issuer. */
  readonly freshnessLeftMs: number;
  /** The issuer's keys, and whether more can be had. */
  readonly keySet: KeySetStatus;
  /** What stands in the way of accepting tokens now, as far as an operator can change it. */
  problems(): VerifierProblem[];
  /**
   * Resolves once it accepts tokens.
   *
   * @throws Error with the problems in its message: when `signal` fires, with the name of its reason, which is the
   *   cause; and at once for an issuer that calls itself otherwise, since every token would be refused
   */
  ready(signal?: AbortSignal): Promise<void>;
  stats(): VerifierStats;
  /** Calls back for every revocation when it is first applied. @returns how to stop that */
  onApplied(listener: AppliedListener): () => void;
  onTransition(listener: TransitionListener): () => void;
  /** Calls back when the key set can no longer be fetched, and when it can again. */
  onKeySet(listener: KeySetListener): () => void;
  /** Calls back when the issuer publishes keys that were killed, whose tokens are refused here. */
  onKilledKeys(listener: KilledKeysListener): () => void;
}

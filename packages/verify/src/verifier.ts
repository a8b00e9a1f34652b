/** Puts the parts together: form → key → signature → claims → freshness, expiry and revocation. */
import {
  Refusal,
  serviceName,
  type AccessTokenClaims,
  type RevocationEvent,
} from '@portcullis/contracts';
import { systemClock, type Clock } from './clock.ts';
import { Jwks, type Fetch } from './keys/jwks.ts';
import type { RevocationFeed } from './revocation/feed.ts';
import { Ledger } from './revocation/ledger.ts';
import { Replica, type ReplicaState, type ReplicaStats } from './revocation/replica.ts';
import { readClaims } from './token/claims.ts';
import { parseToken, type ParsedToken } from './token/parse.ts';
import { signatureHolds, type VerificationKey } from './token/signature.ts';

export interface VerifierOptions {
  /** The issuer, exactly as in `iss`. Its keys are at `/.well-known/jwks.json` below it. */
  issuer: string;
  /** What `aud` must name. A verifier without an audience does not exist. */
  audience: string;
  /** The name of the service, as receipts show it. */
  service: string;
  /** Where revocations come from, for instance `natsFeed` of `@portcullis/verify/nats`. */
  feed: RevocationFeed;
  /** A cap on `exp - iat` that holds whatever the issuer meant, in seconds; 3600 unless given. */
  maxTokenLifeSeconds?: number;
  /** Where the keys are, when it is not the usual place. */
  jwksUrl?: string;
  /** For tests. */
  clock?: Clock;
  fetch?: Fetch;
}

export interface VerifierStats extends ReplicaStats {
  accepted: number;
  refused: number;
}

export type AppliedListener = (event: RevocationEvent, lagMs: number) => void;
export type TransitionListener = (to: ReplicaState, from: ReplicaState) => void;

const DEFAULT_MAX_LIFE_S = 3_600;
const READY_POLL_MS = 20;

/** Checks access tokens without a network call, and refuses when it cannot be sure. */
export interface Verifier extends AsyncDisposable {
  /**
   * @param token the compact form, without `Bearer`
   * @returns the claims of a token that holds at this moment
   * @throws Refusal `invalid_token`; `token_stale` when a refresh would help; `verifier_stale` (503)
   *   when too much time has passed without word from the issuer; `unavailable` (503) when no keys
   *   were ever had
   */
  verify(token: string): Promise<AccessTokenClaims>;
  readonly state: ReplicaState;
  /** For how much longer tokens may be accepted without another word from the issuer. */
  readonly freshnessLeftMs: number;
  /** Resolves once it accepts tokens; rejects when `signal` fires. */
  ready(signal?: AbortSignal): Promise<void>;
  stats(): VerifierStats;
  /** Calls back for every revocation when it is first applied. @returns how to stop that */
  onApplied(listener: AppliedListener): () => void;
  onTransition(listener: TransitionListener): () => void;
}

/**
 * Starts a verifier. It listens for revocations at once and accepts tokens from its first grant on;
 * `ready()` waits for that.
 *
 * @throws TypeError for options that cannot be meant
 */
export async function createVerifier(options: VerifierOptions): Promise<Verifier> {
  const { issuer, audience, feed, clock = systemClock } = options;
  const { maxTokenLifeSeconds = DEFAULT_MAX_LIFE_S } = options;
  if (!URL.canParse(issuer)) throw new TypeError('the issuer is a URL');
  if (typeof audience !== 'string' || audience === '') throw new TypeError('an audience is needed');
  const service = serviceName.parse(options.service);

  const jwksUrl = options.jwksUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`;
  const keys = new Jwks(jwksUrl, clock, options.fetch ?? fetch);
  const ledger = new Ledger();
  const appliedListeners = new Set<AppliedListener>();
  const transitionListeners = new Set<TransitionListener>();
  const expected = { issuer, audience, maxTokenLifeSeconds };
  let accepted = 0;
  let refused = 0;

  const replica = new Replica({
    service,
    feed,
    ledger,
    clock,
    onTransition(to, from) {
      for (const listener of transitionListeners) listener(to, from);
    },
    onApplied(event, lagMs) {
      if (event.kind === 'key') keys.kill(event.key);
      for (const listener of appliedListeners) listener(event, lagMs);
    },
  });

  const verify = async (token: string): Promise<AccessTokenClaims> => {
    const parsed = orInvalid(() => parseToken(token));
    // The only wait there is, and only for a key that was never heard of.
    const key = keys.known(parsed.kid) ?? (await keys.find(parsed.kid));
    const claims = orInvalid(() => believe(parsed, key, expected));
    replica.admit(claims, parsed.kid);
    return claims;
  };

  await Promise.all([replica.start(), keys.refresh()]);

  return {
    async verify(token) {
      try {
        const claims = await verify(token);
        accepted += 1;
        return claims;
      } catch (error) {
        refused += 1;
        throw error;
      }
    },
    get state() {
      return replica.state;
    },
    get freshnessLeftMs() {
      return replica.freshnessLeftMs;
    },
    async ready(signal) {
      while (replica.state !== 'LIVE' || !keys.loaded) {
        signal?.throwIfAborted();
        if (replica.state === 'CLOSED') throw new Error('the verifier is closed');
        if (!keys.loaded) await keys.refresh();
        await new Promise<void>((resolve) => clock.after(READY_POLL_MS, resolve));
      }
    },
    stats: () => ({ ...replica.stats, accepted, refused }),
    onApplied(listener) {
      appliedListeners.add(listener);
      return () => appliedListeners.delete(listener);
    },
    onTransition(listener) {
      transitionListeners.add(listener);
      return () => transitionListeners.delete(listener);
    },
    [Symbol.asyncDispose]: () => replica.close(),
  };
}

function believe(
  parsed: ParsedToken,
  key: VerificationKey | undefined,
  expected: Parameters<typeof readClaims>[1],
): AccessTokenClaims {
  if (key === undefined) throw new Error('an unknown key');
  if (!signatureHolds(parsed, key)) throw new Error('the signature does not hold');
  return readClaims(parsed.payload, expected);
}

/** Whatever is wrong with a token, the caller is told the same. */
function orInvalid<T>(check: () => T): T {
  try {
    return check();
  } catch (cause) {
    throw new Refusal('invalid_token', { cause });
  }
}

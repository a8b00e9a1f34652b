/**
 * What happens to a token while the verifier is stale, from strict to none. A procedure may ask for
 * a stricter one than its verifier has, never for a laxer one.
 */
import type { StalenessPolicy } from '@portcullis/contracts';
import type { Introspect } from './introspection.ts';

export type WhenStale =
  /** 503. Nothing is accepted that cannot be vouched for. */
  | { policy: 'reject' }
  /** Auth is asked about this token: a network call, only while stale. */
  | { policy: 'introspect'; introspect: Introspect }
  /**
   * Accepted, marked and counted. **Revocations are then not enforced**: neither the bound nor the
   * receipt holds for this verifier.
   */
  | { policy: 'accept'; iAcceptRevokedTokens: true };

const STRICTNESS = { accept: 0, introspect: 1, reject: 2 } satisfies Record<
  StalenessPolicy,
  number
>;

/** @throws TypeError for a policy that is none, or that accepts what may be revoked without saying so */
export function demandPolicy(whenStale: WhenStale): void {
  if (!Object.hasOwn(STRICTNESS, whenStale.policy)) {
    throw new TypeError('whenStale has no such policy');
  }
  if (whenStale.policy === 'accept' && !whenStale.iAcceptRevokedTokens) {
    throw new TypeError('the policy accept needs iAcceptRevokedTokens: true');
  }
}

export function stricterOf(one: StalenessPolicy, other: StalenessPolicy): StalenessPolicy {
  return STRICTNESS[one] >= STRICTNESS[other] ? one : other;
}

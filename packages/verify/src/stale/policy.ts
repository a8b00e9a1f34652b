/**
 * What happens to a token while the verifier is stale, from strict to none. A procedure may ask for
 * a stricter one than its verifier has, never for a laxer one.
 */
import { demandMethods, demandOption, type StalenessPolicy } from '@portcullis/contracts';
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

const OF = 'createVerifier';
const STRICTNESS = { accept: 0, introspect: 1, reject: 2 } satisfies Record<
  StalenessPolicy,
  number
>;

/** @throws TypeError for a policy that is none, or that accepts what may be revoked without saying so */
export function checkPolicy(whenStale: WhenStale): void {
  demandMethods(whenStale, OF, 'whenStale', []);
  demandStalenessPolicy(whenStale.policy, OF, 'whenStale.policy');
  if (whenStale.policy === 'accept') {
    const accepts: unknown = whenStale.iAcceptRevokedTokens;
    demandOption(accepts === true, OF, 'whenStale.iAcceptRevokedTokens', 'true with accept');
  }
  if (whenStale.policy === 'introspect') {
    const isFunction = typeof whenStale.introspect === 'function';
    demandOption(isFunction, OF, 'whenStale.introspect', 'a function with introspect');
  }
}

/** @throws TypeError for a policy that is none */
export function demandStalenessPolicy(policy: unknown, of: string, option = 'whenStale'): void {
  const isOne = typeof policy === 'string' && Object.hasOwn(STRICTNESS, policy);
  demandOption(isOne, of, option, `one of ${Object.keys(STRICTNESS).join(', ')}`);
}

export function stricterOf(one: StalenessPolicy, other: StalenessPolicy): StalenessPolicy {
  return STRICTNESS[one] >= STRICTNESS[other] ? one : other;
}

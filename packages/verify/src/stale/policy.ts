/**
 * What happens to a token while the verifier is stale, from strict to none. A procedure may ask for
 * a stricter one than its verifier has, never for a laxer one.
 */
import { demandMethods, demandOption, type StalenessPolicy } from '@portcullis/contracts';
import { demandStalenessPolicy } from './policy-name.ts';
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

/** @returns the verifier's own, or a stricter one that is asked for */
export function policyFor(
  { policy }: Pick<WhenStale, 'policy'>,
  wanted: StalenessPolicy | undefined,
): StalenessPolicy {
  return wanted !== undefined && STRICTNESS[wanted] > STRICTNESS[policy] ? wanted : policy;
}

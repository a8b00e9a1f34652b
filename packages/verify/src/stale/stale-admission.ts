/**
 * What puts itself in the place of freshness, by the policy of a verifier that is stale. Loaded when a verifier starts
 * that was given a policy.
 *
 * Invariant: what is known to be revoked, or signed by a key that is not known any more, stays refused, before the
 * question to auth and after it; and nothing is admitted once the verifier is closed.
 */
import type { Refusal, StalenessPolicy } from '@portcullis/contracts';
import type { Clock } from '../clock.ts';
import type { Jwks } from '../keys/jwks.ts';
import type { Ledger } from '../revocation/ledger.ts';
import type { Replica } from '../revocation/replica.ts';
import { problemOfTimes } from '../token/times.ts';
import type { VerifiedToken } from '../token/verified-tokens.ts';
import { Introspection } from './introspection.ts';
import { policyFor, type WhenStale } from './policy.ts';

export { checkPolicy } from './policy.ts';

export interface StaleAdmissionOptions {
  whenStale: WhenStale;
  clock: Clock;
  keys: Pick<Jwks, 'known'>;
  ledger: Pick<Ledger, 'judge'>;
  replica: Pick<Replica, 'state'>;
  /** Called for each question to auth that has got no answer. */
  onNotIntrospected: (error: unknown) => void;
}

export class StaleAdmission {
  readonly #options: StaleAdmissionOptions;
  readonly #introspection: Introspection | undefined;

  constructor(options: StaleAdmissionOptions) {
    const { whenStale, clock, onNotIntrospected } = options;
    this.#options = options;
    if (whenStale.policy === 'introspect') {
      this.#introspection = new Introspection(whenStale.introspect, clock, onNotIntrospected);
    }
  }

  /** Whether the policy, or the stricter one that is asked for, is another than `reject`. */
  mayAdmit(wanted: StalenessPolicy | undefined): boolean {
    return policyFor(this.#options.whenStale, wanted) !== 'reject';
  }

  /**
   * @param wanted a stricter policy than the verifier's, if any
   * @param refusal that the token was to get for want of freshness
   * @returns what the acceptance rests on
   * @throws the refusal, or that of the introspection
   */
  async admit(
    { token, claims, key }: VerifiedToken,
    wanted: StalenessPolicy | undefined,
    refusal: Refusal,
  ): Promise<'introspected' | 'none'> {
    const { clock, keys, ledger, replica } = this.#options;
    const requireValid = () => {
      const known = keys.known(key.kid) === key && ledger.judge(claims, key.kid) === 'holds';
      if (!known || replica.state === 'CLOSED') throw refusal;
    };
    const policy = policyFor(this.#options.whenStale, wanted);
    if (policy === 'reject') throw refusal;
    requireValid();
    if (policy === 'introspect') {
      if (this.#introspection === undefined) throw refusal;
      await this.#introspection.check(token);
      requireValid();
      return 'introspected';
    }
    if (problemOfTimes(claims, clock.wall()) !== undefined) throw refusal;
    return 'none';
  }
}

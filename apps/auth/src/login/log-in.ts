/**
 * Logs in with e-mail address and password, in steps:
 *
 *   admit → check → account policy → decide → open → answer
 *                                       └───→ challenge → (continue-log-in.ts) → open → answer
 *
 * The password is checked without any lock, since that takes long; the session is inserted under the
 * lock of the user's row, and only if the account is still the one that the password was checked
 * against. So a login that races a disable, a deletion, a change of password or "log out everywhere"
 * never leaves a session that outlives it. A challenge is issued, and answered, under the same condition.
 *
 * What was counted for the login is taken off when nothing more is asked: a password alone takes nothing off
 * where it is not enough.
 */
import type { AuthService, Challenged, RequestContext, Tokens } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import type { PasswordHasher } from '../password/password-hasher.ts';
import { emailKey } from '../users/email-key.ts';
import { admit, type AdmitDependencies } from './admit.ts';
import { issueChallenge } from './challenge.ts';
import { createCheckCredentials } from './check-credentials.ts';
import { decide } from './decide.ts';
import { PASSWORD_AMR, type Factors } from './factor.ts';
import { requireActiveAccount, type AccountPolicy } from './require-active-account.ts';
import { openChecked, type OpenCheckedDependencies } from './open-checked.ts';
import { outcomeOf, type LoginOutcome } from './outcome.ts';
import { renewHash } from './renew-hash.ts';

/** Times that a password is checked for one request when the account changes meanwhile. */
const MAX_ROUNDS = 2;

export interface LogInDependencies
  extends AdmitDependencies, AccountPolicy, OpenCheckedDependencies {
  hasher: PasswordHasher;
  factors: Factors;
  observe(outcome: LoginOutcome): void;
}

export function createLogIn(dependencies: LogInDependencies): AuthService['logIn'] {
  const { hasher, limits, factors, withChange, observe } = dependencies;
  const checkCredentials = createCheckCredentials(dependencies);

  return async ({ request }, { email, password }) => {
    const account = emailKey(email) ?? email;
    try {
      const result = await hasher.logins.runAfter(
        // What is over the bound does not come here: it costs nothing, and counts as no attempt.
        () => admit(dependencies, request, account),
        (jkt) => attempt(request, account, password, jkt),
      );
      observe('challenge' in result ? 'challenged' : 'succeeded');
      return result;
    } catch (error) {
      const outcome = outcomeOf(error);
      observe(outcome);
      if (outcome === 'refused') await limits.wrongPassword(account);
      throw error;
    }
  };

  async function attempt(
    request: RequestContext,
    account: string,
    password: string,
    jkt: string | undefined,
  ): Promise<Tokens | Challenged> {
    let corrected: Promise<void> | undefined;
    // Once it has been taken off the count, there is nothing left to take off.
    const counted = <T>(work: () => Promise<T>): Promise<T> =>
      corrected === undefined ? limits.refundOnAbort(request.address, account, work) : work();
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const user = await counted(() => checkCredentials(account, password));
      requireActiveAccount(user, dependencies);
      // The next login does it, where this one cannot.
      await renewHash(dependencies, user, password).catch(() => undefined);
      const methods = await counted(() => decide(factors, user.id));
      if (methods.length > 0) {
        const wanted = { user, jkt, methods };
        const challenged = await counted(() => issueChallenge(withChange, request, wanted));
        if (challenged !== null) return challenged;
        continue;
      }
      // The count is for attackers; that it could not be corrected is no reason to refuse the owner.
      corrected ??= limits.loggedIn(request.address, account).catch(() => undefined);
      const proved = { user, jkt, amr: [PASSWORD_AMR] };
      const tokens = await openChecked(dependencies, request, proved);
      await corrected;
      if (tokens !== null) return tokens;
    }
    throw new Refusal('unavailable', { retryAfter: 1 });
  }
}

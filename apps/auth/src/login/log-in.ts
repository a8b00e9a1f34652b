/**
 * Logs in with e-mail address and password, in five steps:
 *
 *   admit → check → account policy → open → answer
 *
 * The password is checked without any lock, since that takes long; the session is inserted under the
 * lock of the user's row, and only if the account is still the one that the password was checked
 * against. So a login that races a disable, a deletion, a change of password or "log out everywhere"
 * never leaves a session that outlives it.
 */
import type { AuthService, RequestContext, Tokens } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import type { PasswordHasher } from '../password/password-hasher.ts';
import { emailKey } from '../users/email-key.ts';
import { admit, type AdmitDependencies } from './admit.ts';
import { createCheckCredentials } from './check-credentials.ts';
import { requireActiveAccount, type AccountPolicy } from './require-active-account.ts';
import { openChecked, type OpenCheckedDependencies } from './open-checked.ts';
import { renewHash } from './renew-hash.ts';

export type LoginOutcome = 'succeeded' | 'refused' | 'limited' | 'overloaded' | 'failed';

/** Times that a password is checked for one request when the account changes meanwhile. */
const MAX_ROUNDS = 2;

export interface LogInDependencies
  extends AdmitDependencies, AccountPolicy, OpenCheckedDependencies {
  hasher: PasswordHasher;
  observe(outcome: LoginOutcome): void;
}

export function createLogIn(dependencies: LogInDependencies): AuthService['logIn'] {
  const { hasher, limits, observe } = dependencies;
  const checkCredentials = createCheckCredentials(dependencies);

  return async ({ request }, { email, password }) => {
    const account = emailKey(email) ?? email;
    try {
      const tokens = await hasher.logins.runAfter(
        // What is over the bound does not come here: it costs nothing, and counts as no attempt.
        () => admit(dependencies, request, account),
        (jkt) => attempt(request, account, password, jkt),
      );
      observe('succeeded');
      return tokens;
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
  ): Promise<Tokens> {
    let corrected: Promise<void> | undefined;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const check = () => checkCredentials(account, password);
      // Once it has been taken off the count, there is nothing left to take off.
      const user =
        round === 0 ? await limits.refundOnAbort(request.address, account, check) : await check();
      requireActiveAccount(user, dependencies);
      // The count is for attackers; that it could not be corrected is no reason to refuse the owner.
      corrected ??= limits.loggedIn(request.address, account).catch(() => undefined);
      // The next login does it, where this one cannot.
      await renewHash(dependencies, user, password).catch(() => undefined);
      const tokens = await openChecked(dependencies, user, request, jkt);
      await corrected;
      if (tokens !== null) return tokens;
    }
    throw new Refusal('unavailable', { retryAfter: 1 });
  }
}

function outcomeOf(error: unknown): LoginOutcome {
  if (!(error instanceof Refusal)) return 'failed';
  if (error.code === 'rate_limited') return 'limited';
  if (error.code === 'overloaded') return 'overloaded';
  return error.code === 'invalid_credentials' ? 'refused' : 'failed';
}

/**
 * What the link of a mail proves about an address.
 *
 * Any client can register an address of another user, choose a password, and wait for the owner to
 * confirm it. So the link alone verifies the address and voids everything else: the password and the
 * sessions of the time before. The registrant and the reader of the mailbox are taken for the same user
 * only if the link comes with the password.
 */
import type { AuthService, EmailVerified } from '@portcullis/api';
import { eq, sql } from 'drizzle-orm';
import { findLink, makeLink, useLink } from '../link/link.ts';
import type { LinkTokens } from '../link/link-tokens.ts';
import { checkPassword, type CheckPasswordDependencies } from '../login/check-password.ts';
import { users } from '../database/schema/index.ts';
import { causeOfUser } from '../change/cause.ts';
import type { Change } from '../change/unit-of-work.ts';
import type { LockedUser } from '../users/lock-user.ts';
import { accountById, type ActiveAccount } from '../users/account-by-id.ts';
import { confirmEmailChange } from './confirm-email-change.ts';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import type { ResetPasswordDependencies } from './reset-password.ts';

export interface VerifyEmailDependencies extends Omit<ResetPasswordDependencies, 'judge'> {
  tokens: LinkTokens;
}

export function createVerifyEmail(
  dependencies: VerifyEmailDependencies,
): AuthService['verifyEmail'] {
  const { database, withChange, receipts, limits, tokens } = dependencies;

  return async ({ request }, { token, password, wait }): Promise<EmailVerified> => {
    const { purpose, userId: id } = await findLink(database, token, [
      'verify-email',
      'change-email',
    ]);
    const cause = causeOfUser(request, id);
    if (purpose === 'change-email') {
      const { result: key, revocations } = await confirmEmailChange(withChange, cause, token);
      await limits.provedMailbox(request.address, key);
      const receipt = await receipts.collect(revocations, wait);
      return { status: 'verified', password: 'kept', reset_token: null, receipt };
    }

    const registrant =
      password === undefined
        ? null
        : await whoKnows(dependencies, password, await accountById(database, id), request.address);
    const { result, revocations } = await withChange(cause, async (change) => {
      const { user } = await useLink(change.tx, token, ['verify-email']);
      const isRegistrant = registrant?.credentialVersion === user.credentialVersion;
      await change.audit({
        action: 'account.email-verified',
        target: { kind: 'user', id },
        detail: { password: isRegistrant ? 'kept' : 'void' },
      });
      return {
        key: user.emailKey,
        resetToken: isRegistrant ? await keep(change, user) : await makeVoid(change, user, tokens),
      };
    });
    const { key, resetToken } = result;
    if (key !== null) await limits.provedMailbox(request.address, key);
    return {
      status: 'verified',
      password: resetToken === null ? 'kept' : 'void',
      reset_token: resetToken,
      receipt: revocations.length === 0 ? null : await receipts.collect(revocations, wait),
    };
  };
}

/** A wrong password uses up nothing: its owner may have mistyped it. */
async function whoKnows(
  dependencies: CheckPasswordDependencies,
  password: string,
  account: ActiveAccount,
  address: string,
): Promise<ActiveAccount> {
  await checkPassword(dependencies, address, account, password);
  return account;
}

/** The password and the sessions stay. */
async function keep({ tx }: Change, { id }: LockedUser): Promise<null> {
  await tx
    .update(users)
    .set({ emailVerifiedAt: sql`clock_timestamp()` })
    .where(eq(users.id, id));
  return null;
}

/** The password and the sessions of before end. @returns the token with which a password is set */
async function makeVoid(change: Change, user: LockedUser, tokens: LinkTokens): Promise<string> {
  const after = await revokeAccess(change, user.id, 'sessions', 'credential_change', {
    passwordHash: null,
    emailVerifiedAt: sql`clock_timestamp()`,
    ...NEXT_CREDENTIAL,
  });
  const token = await makeLink(change.tx, tokens, { purpose: 'reset-password', user: after });
  if (token === null) throw new Error('a link of no mail was there already');
  return token;
}

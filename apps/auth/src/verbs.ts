/** The verbs, put together over what they need: what the router is bound to. */
import type { AuthService } from '@portcullis/api';
import { createAskByMail } from './account/ask-by-mail.ts';
import { createChangeEmail } from './account/change-email.ts';
import { createChangePassword } from './account/change-password.ts';
import { createDisable } from './account/disable.ts';
import { createEnable } from './account/enable.ts';
import { createExportOwnData } from './account/export-own-data.ts';
import { createGetAccount } from './account/get-account.ts';
import type { PasswordPolicy } from './password/password-policy.ts';
import { createListAccounts } from './account/list-accounts.ts';
import { createLogUserOut } from './account/log-user-out.ts';
import type { PasswordHasher } from './password/password-hasher.ts';
import { createRegister } from './account/register.ts';
import { createRemove } from './account/remove.ts';
import { createRename } from './account/rename.ts';
import { createResetPassword } from './account/reset-password.ts';
import { createSetRoles } from './account/set-roles.ts';
import { createVerifyEmail } from './account/verify-email.ts';
import type { AuditChainer } from './audit/chainer.ts';
import { createListAudit } from './audit/list-audit.ts';
import { createClientCreation } from './client/create-client.ts';
import { createDisableClient } from './client/disable-client.ts';
import { createListClients } from './client/list-clients.ts';
import { createRotateClient } from './client/rotate-client.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { createKillKey } from './keys/kill-key.ts';
import { createRotateKey } from './keys/rotate-key.ts';
import type { LinkTokens } from './link/link-tokens.ts';
import type { KeyFactory } from './keys/signing-key.ts';
import type { Limits } from './limits/limits.ts';
import { createContinueLogIn } from './login/continue-log-in.ts';
import type { Factors } from './login/factor.ts';
import { createLogIn } from './login/log-in.ts';
import type { AuthMetrics } from './metrics.ts';
import type { Database } from './database/database.ts';
import type { Revocations } from './revocation/compose.ts';
import { createEndSession } from './session/end-session.ts';
import { createEnforceSessionLimit } from './session/enforce-session-limit.ts';
import { createListSessions } from './session/list-sessions.ts';
import type { SessionLimits } from './timing/lifetimes.ts';
import { createLogOutAll } from './session/log-out-all.ts';
import { createLogOut } from './session/log-out.ts';
import { createSessionOfRefreshToken } from './session/session-of-refresh-token.ts';
import { createRefresh, type Refresh } from './session/refresh.ts';
import { createOpenSession } from './session/open-session.ts';
import type { RefreshTokens } from './session/refresh-token.ts';
import type { Mint } from './token/mint.ts';

export interface VerbDependencies {
  database: Database;
  revocations: Pick<Revocations, 'withChange' | 'receipts' | 'listVerifiers' | 'outdatedServices'>;
  auditChainer: Pick<AuditChainer, 'chain'>;
  keyRing: KeyRing;
  keyFactory: KeyFactory;
  mint: Mint;
  hasher: PasswordHasher;
  limits: Limits;
  judge: PasswordPolicy;
  refreshTokens: RefreshTokens;
  linkTokens: LinkTokens;
  metrics: AuthMetrics;
  sessionLimits: SessionLimits;
  requireVerifiedEmail: boolean;
  /** What users log in with beside the password. */
  factors: Factors;
}

export interface Verbs {
  service: AuthService;
  /** Also offered by the token endpoint. */
  refresh: Refresh;
}

export function createVerbs(dependencies: VerbDependencies): Verbs {
  const { database, keyRing, keyFactory, mint, hasher, limits, refreshTokens, metrics } =
    dependencies;
  const { withChange, receipts, listVerifiers, outdatedServices } = dependencies.revocations;
  const { judge, linkTokens, sessionLimits, factors } = dependencies;
  const ending = { withChange, receipts };
  const removing = { ...ending, requireVerifiedEmail: dependencies.requireVerifiedEmail };
  const asking = { withChange, limits };
  const refresh = createRefresh({
    database,
    withChange,
    refreshTokens,
    mint,
    sessionLimits,
    observe: metrics.refresh,
  });
  const service: AuthService = {
    register: createRegister({ withChange, hasher, limits, judge }),
    verifyEmail: createVerifyEmail({ ...ending, database, hasher, limits, tokens: linkTokens }),
    resendVerification: createAskByMail(
      asking,
      'resend-verification',
      'account.verification-requested',
    ),
    changeEmail: createChangeEmail({ ...asking, factors }),
    forgotPassword: createAskByMail(asking, 'reset-password', 'account.reset-requested'),
    resetPassword: createResetPassword({ ...ending, database, hasher, judge, limits }),
    changePassword: createChangePassword({
      ...ending,
      database,
      hasher,
      limits,
      judge,
      factors,
    }),
    ...loginVerbs(dependencies),
    refresh: ({ request }, input) => refresh(request, input.refresh_token),
    logOut: createLogOut({
      ...ending,
      sessionOfRefreshToken: createSessionOfRefreshToken(database, refreshTokens),
    }),
    logOutAll: createLogOutAll(ending),
    listSessions: createListSessions(database),
    endSession: createEndSession(ending),
    exportOwnData: createExportOwnData(database),
    accounts: {
      list: createListAccounts(database),
      get: createGetAccount(database),
      disable: createDisable(removing),
      enable: createEnable(ending),
      remove: createRemove(removing),
      setRoles: createSetRoles(removing),
      rename: createRename(ending),
      logOut: createLogUserOut({ ...ending, outdatedServices }),
      listVerifiers,
      rotateKey: createRotateKey({ withChange, keyFactory, keyRing }),
      killKey: createKillKey({ ...ending, keyFactory, keyRing }),
      listClients: createListClients(database),
      createClient: createClientCreation({ withChange }),
      rotateClient: createRotateClient(ending),
      disableClient: createDisableClient(ending),
      listAudit: createListAudit(database, dependencies.auditChainer),
    },
  };
  return { service, refresh };
}

function loginVerbs(dependencies: VerbDependencies): Pick<AuthService, 'logIn' | 'continueLogIn'> {
  const { database, refreshTokens, sessionLimits, limits, mint, factors } = dependencies;
  const { withChange } = dependencies.revocations;
  const opening = {
    database,
    withChange,
    openSession: createOpenSession({ database, refreshTokens, sessionLimits }),
    enforceSessionLimit: createEnforceSessionLimit(database, withChange, sessionLimits.most),
    limits,
    mint,
    factors,
    observe: dependencies.metrics.login,
  };
  const { hasher, requireVerifiedEmail } = dependencies;
  return {
    logIn: createLogIn({ ...opening, hasher, requireVerifiedEmail }),
    continueLogIn: createContinueLogIn(opening),
  };
}

/** The verbs, put together over what they need: what the router is bound to. */
import type { Administration, AuthService } from '@portcullis/api';
import { administerAccounts } from './account/administer-accounts.ts';
import { createAskByMail } from './account/ask-by-mail.ts';
import { createChangeEmail } from './account/change-email.ts';
import { createChangePassword } from './account/change-password.ts';
import { createExportOwnData } from './account/export-own-data.ts';
import { createFactorVerbs } from './factor/factor-verbs.ts';
import type { PasswordPolicy } from './password/password-policy.ts';
import type { PasswordHasher } from './password/password-hasher.ts';
import { createRegister } from './account/register.ts';
import { createRename } from './account/rename.ts';
import { createResetPassword } from './account/reset-password.ts';
import { createVerifyEmail } from './account/verify-email.ts';
import type { AuditChainer } from './audit/chainer.ts';
import { createListAudit } from './audit/list-audit.ts';
import { administerClients } from './client/administer-clients.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { administerKeys } from './keys/administer-keys.ts';
import type { LinkTokens } from './link/link-tokens.ts';
import type { KeyFactory } from './keys/signing-key.ts';
import type { Limits } from './limits/limits.ts';
import { createExchangeCode, type ExchangeCode } from './oauth/exchange-code.ts';
import { createContinueLogIn } from './login/continue-log-in.ts';
import type { Factors } from './login/factor.ts';
import { createLogIn } from './login/log-in.ts';
import type { AuthMetrics } from './metrics.ts';
import type { Database } from './database/database.ts';
import type { Revocations } from './revocation/compose.ts';
import { createEndLiveSession } from './session/end-live-session.ts';
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
  revocations: Pick<
    Revocations,
    'withChange' | 'atOnce' | 'receipts' | 'listVerifiers' | 'outdatedServices' | 'accessReceipts'
  >;
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
  /** What authenticator apps show above a code. */
  issuerName: string;
}

export interface Verbs {
  service: AuthService;
  /** Also offered by the token endpoint. */
  refresh: Refresh;
  exchangeCode: ExchangeCode;
}

export function createVerbs(dependencies: VerbDependencies): Verbs {
  const { database, mint, hasher, limits, refreshTokens, metrics } = dependencies;
  const { withChange, atOnce, receipts } = dependencies.revocations;
  const endLiveSession = createEndLiveSession({ database, atOnce });
  const { judge, linkTokens, sessionLimits, factors } = dependencies;
  const ending = { withChange, receipts };
  const asking = { withChange, limits };
  const refresh = createRefresh({
    database,
    withChange,
    refreshTokens,
    mint,
    sessionLimits,
    observe: metrics.refresh,
  });
  const exchangeCode = createExchangeCode({ database, withChange, refresh });
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
    ...createFactorVerbs({ ...dependencies, ...ending, seal: dependencies.keyFactory.seal }),
    completeLogIn: ({ request }, input) =>
      exchangeCode(request, {
        code: input.code,
        verifier: input.code_verifier,
        client: input.client_id,
        redirectUri: input.redirect_uri,
      }),
    refresh: ({ request }, input) => refresh(request, input.refresh_token),
    logOut: createLogOut({
      ...ending,
      endLiveSession,
      sessionOfRefreshToken: createSessionOfRefreshToken(database, refreshTokens),
    }),
    logOutAll: createLogOutAll(ending),
    listSessions: createListSessions(database),
    endSession: createEndSession({ ...ending, endLiveSession }),
    exportOwnData: createExportOwnData(database),
    rename: createRename(ending),
    administration: administrationOf(dependencies),
  };
  return { service, refresh, exchangeCode };
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

function administrationOf({
  database,
  revocations: { withChange, receipts, listVerifiers, outdatedServices, accessReceipts },
  auditChainer,
  keyRing,
  keyFactory,
  requireVerifiedEmail,
}: VerbDependencies): Administration {
  const ending = { withChange, receipts };
  return {
    accounts: administerAccounts({ ...ending, database, outdatedServices, requireVerifiedEmail }),
    verifiers: { list: listVerifiers, access: (_, { wait }) => accessReceipts(wait) },
    keys: administerKeys({ ...ending, keyFactory, keyRing }),
    clients: administerClients({ ...ending, database }),
    audit: { list: createListAudit(database, auditChainer) },
  };
}

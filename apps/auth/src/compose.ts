/** The composition root: adapters, then verbs, then the server. What is made first is closed last. */
import { ConfigurationError, type Disposal, type Logger, type Running } from '@portcullis/service';
import { createAdministrator, UnusableAdministrator } from './account/create-administrator.ts';
import { hasAdministrator } from './administration/acting-administrator.ts';
import type { WithChange } from './change/unit-of-work.ts';
import { warnOfBrokenKeys } from './client/warn-of-broken-keys.ts';
import { declareAccess, demandShortTokens, shortTokensOf } from './compose-access.ts';
import { composeJobServer, composeMaintenance } from './compose-jobs.ts';
import { composeMail } from './compose-mail.ts';
import { openParts, type Parts } from './compose-parts.ts';
import { composeServer } from './compose-server.ts';
import { composeRevocation } from './compose-revocation.ts';
import type { AuthConfig } from './config.ts';
import { createOwnFactors } from './factor/own-factors.ts';
import { FACTOR_CLAIMS } from './factor/factor-claims.ts';
import { createLimits, type Limits } from './limits/limits.ts';
import { createFactors, type Factor } from './login/factor.ts';
import { createNoticeAttack } from './login/notice-attack.ts';
import { noBreachCheck, rangeService, type IsBreached } from './password/breached-passwords.ts';
import { createPasswordPolicy } from './password/password-policy.ts';
import { createMint } from './token/mint.ts';
import { createVerbs } from './verbs.ts';

/** @param factors what users log in with beside the password and auth's own factors */
export async function compose(
  config: AuthConfig,
  owned: Disposal,
  factors: readonly Factor[] = [],
): Promise<Running> {
  const problemOfAudiences = shortTokensOf(config, [FACTOR_CLAIMS, ...factors]);
  demandShortTokens(config, problemOfAudiences);
  const parts = await openParts(config, owned, problemOfAudiences);
  const { logger, database, keyRing, services } = parts;
  const jobServer = composeJobServer(config, owned, parts);
  const mailQueue = composeMail(config, owned, jobServer, parts);
  const verifierSide = await composeRevocation(config, owned, {
    ...parts,
    vouches: keyRing.vouches,
    access: keyRing.access,
    onMails: mailQueue.wake,
  });
  const { revocations, auditChainer } = verifierSide;
  const { withChange } = revocations;
  await composeMaintenance(config, owned, parts, { jobServer, mailQueue, withChange });
  const access = await declareAccess(config, owned, parts, withChange);
  parts.metrics.files(services.source, access.source);
  await makeFirstAdministrator(config, parts, withChange);
  await warnOfBrokenKeys(database, logger);

  const { issuer, accessTokenSeconds: lifeSeconds } = config;
  const mint = createMint({ keyRing, issuer, audiences: services.audiences, lifeSeconds });
  const verbs = createVerbs({
    ...parts,
    revocations,
    auditChainer: auditChainer,
    mint,
    limits: limitsOf(config, parts, withChange),
    judge: createPasswordPolicy(breachedPasswords(config, logger)),
    sessionLimits: config.sessionLimits,
    requireVerifiedEmail: config.requireVerifiedEmail,
    factors: createFactors([...createOwnFactors({ ...parts, withChange }), ...factors]),
    issuerName: new URL(issuer).hostname,
  });
  const http = owned.use(await composeServer(config, parts, { verbs, mint, verifierSide, access }));
  await http.listen(config.listen);
  return { logger, drain: (how) => http.drain(how) };
}

function limitsOf(config: AuthConfig, parts: Parts, withChange: WithChange): Limits {
  const { redis, metrics, logger } = parts;
  return createLimits({
    redis: redis.redis,
    prefix: config.prefix,
    scale: config.rateLimitScale,
    degraded(error) {
      metrics.limiterDegraded();
      redis.outage.failed(error, 'counting attempts');
    },
    attacked: createNoticeAttack(withChange, logger, metrics.attack),
  });
}

function breachedPasswords({ breachedPasswordsUrl: url }: AuthConfig, logger: Logger): IsBreached {
  if (url === null) return noBreachCheck;
  return rangeService(url, (error) =>
    logger.warn({ err: error }, 'breached-password service unavailable'),
  );
}

async function makeFirstAdministrator(
  { secrets: { administrator }, requireVerifiedEmail }: AuthConfig,
  { database, hasher, logger }: Parts,
  withChange: WithChange,
): Promise<void> {
  try {
    if (administrator !== null) {
      const options = { onlyFirst: true, requireVerifiedEmail };
      const dependencies = { database, withChange, hasher };
      const created = await createAdministrator(dependencies, administrator, options);
      if (created === 'created') logger.info('the first administrator was made');
      if (created === 'taken' || created === 'not-first') {
        logger.warn(
          { outcome: created },
          'PORTCULLIS_ADMIN_EMAIL names no administrator; none was made',
        );
      }
    }
    if (!(await hasAdministrator(database, requireVerifiedEmail))) {
      logger.warn('no administrator can log in: make one with the command create-admin');
    }
  } catch (error) {
    if (error instanceof UnusableAdministrator) throw new ConfigurationError([error.message]);
    throw error;
  }
}

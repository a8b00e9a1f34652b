/** The composition root: adapters, then verbs, then the server. What is made first is closed last. */
import { ConfigurationError, type Disposal, type Logger, type Running } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { createAdministrator, UnusableAdministrator } from './account/create-administrator.ts';
import { hasAdministrator } from './administration/acting-administrator.ts';
import type { MakeChange } from './change/change.ts';
import { warnOfBrokenKeys } from './client/warn-of-broken-keys.ts';
import { composeMail } from './compose-mail.ts';
import { openParts, type Parts } from './compose-parts.ts';
import { composeServer } from './compose-server.ts';
import { composeVerifierSide } from './compose-verifier-side.ts';
import type { AuthConfig } from './config.ts';
import { scheduleRotation } from './keys/scheduled-rotation.ts';
import { createLimits, type Limits } from './limits/limits.ts';
import { createNoticeAttack } from './login/notice-attack.ts';
import { nobodyToAsk, rangeService, type IsBreached } from './password/breached-passwords.ts';
import { createJudgePassword } from './password/judge-password.ts';
import { scheduleForgetting } from './session/forget-sessions.ts';
import { createMint } from './token/mint.ts';
import { createVerbs } from './verbs.ts';

export async function compose(config: AuthConfig, owned: Disposal): Promise<Running> {
  const parts = await openParts(config, owned);
  const { logger, database, keyRing, making } = parts;
  const mailQueue = composeMail(config, owned, parts);
  const verifierSide = await composeVerifierSide(config, owned, {
    ...parts,
    vouches: keyRing.vouches,
    onMails: mailQueue.wake,
  });
  const { revocations, auditKeeper } = verifierSide;
  const { makeChange } = revocations;
  const { failed } = parts.outages;
  owned.use(
    await scheduleRotation({
      database,
      makeChange,
      making,
      clock: systemClock,
      days: config.signing.rotationDays,
      failed,
    }),
  );
  owned.use(scheduleForgetting({ database, clock: systemClock, failed }));
  await makeFirstAdministrator(config, parts, makeChange);
  await warnOfBrokenKeys(database, logger);

  const { issuer, audiences, accessTokenSeconds: lifeSeconds } = config;
  const mint = createMint({ keyRing, issuer, audiences, lifeSeconds });
  const verbs = createVerbs({
    ...parts,
    revocations,
    auditKeeper,
    mint,
    limits: limitsOf(config, parts, makeChange),
    judge: createJudgePassword(breachedPasswords(config, logger)),
    sessionLimits: config.sessionLimits,
    requireVerifiedEmail: config.requireVerifiedEmail,
  });
  const server = owned.use(await composeServer(config, parts, { verbs, mint, verifierSide }));
  await server.listen(config.listen);
  return { logger, drain: (how) => server.drain(how) };
}

function limitsOf(config: AuthConfig, parts: Parts, makeChange: MakeChange): Limits {
  const { redis, metrics, logger } = parts;
  return createLimits({
    redis: redis.redis,
    prefix: config.prefix,
    scale: config.rateLimitScale,
    degraded(error) {
      metrics.limiterDegraded();
      redis.outage.failed(error, 'counting attempts');
    },
    attacked: createNoticeAttack(makeChange, logger, metrics.attack),
  });
}

function breachedPasswords({ breachedPasswordsUrl: url }: AuthConfig, logger: Logger): IsBreached {
  if (url === null) return nobodyToAsk;
  return rangeService(url, (error) => logger.warn({ err: error }, 'breached passwords not asked'));
}

async function makeFirstAdministrator(
  { secrets: { administrator }, requireVerifiedEmail }: AuthConfig,
  { database, hasher, logger }: Parts,
  makeChange: MakeChange,
): Promise<void> {
  try {
    if (administrator !== null) {
      const options = { onlyFirst: true, requireVerifiedEmail };
      const dependencies = { database, makeChange, hasher };
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

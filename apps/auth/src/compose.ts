/** The composition root: adapters, then verbs, then the server. What is made first is closed last. */
import { createAuthRouter } from '@portcullis/api';
import {
  AwaitedBus,
  ConfigurationError,
  createHttpServer,
  createLogger,
  createRegistry,
  Outages,
  presentedToken,
  type Disposal,
  type Logger,
  type Running,
} from '@portcullis/service';
import { awaitSchema, probeDatabase } from '@portcullis/service/postgres';
import { PossessionGuard, systemClock } from '@portcullis/verify';
import { nobodyToAsk, rangeService, type IsBreached } from './password/breached-passwords.ts';
import { hasAdministrator } from './administration/acting-administrator.ts';
import { createAdministrator, UnusableAdministrator } from './account/create-administrator.ts';
import { createJudgePassword } from './password/judge-password.ts';
import { createPasswordHasher } from './password/password-hasher.ts';
import { warnOfBrokenKeys } from './client/warn-of-broken-keys.ts';
import { addLinkPages } from './http/pages.ts';
import { OWN_AUDIENCE, type AuthConfig } from './config.ts';
import { openKeyRing } from './keys/key-ring.ts';
import { reseal } from './keys/reseal.ts';
import { scheduleRotation } from './keys/scheduled-rotation.ts';
import { createSeal, SealError } from './keys/seal.ts';
import { sharedSecret } from './keys/shared-secret.ts';
import { createLinkTokens } from './link/link-tokens.ts';
import { createLimits } from './limits/limits.ts';
import { composeMail } from './compose-mail.ts';
import { createNoticeAttack } from './login/notice-attack.ts';
import { composeVerifierSide } from './compose-verifier-side.ts';
import { createAuthMetrics } from './metrics.ts';
import { clientIdentification } from './oauth/client-identification.ts';
import { addIntrospectionEndpoint } from './oauth/introspection-endpoint.ts';
import { addMetadataRoutes } from './oauth/metadata.ts';
import { oauthPaths } from './oauth/paths.ts';
import { createRequireClient } from './oauth/require-client.ts';
import { addRevocationEndpoint } from './oauth/revocation-endpoint.ts';
import { verifierPaths } from './http/paths.ts';
import { addTokenEndpoint } from './oauth/token-endpoint.ts';
import { connectPostgres, type Database } from './database/database.ts';
import { schemaOf } from './database/migrations.ts';
import { connectRedis } from './redis/connect.ts';
import type { Revocations } from './revocation/compose.ts';
import { scheduleForgetting } from './session/forget-sessions.ts';
import { createRefreshTokens } from './session/refresh-token.ts';
import { createAuthenticate } from './token/authenticate.ts';
import { createMint } from './token/mint.ts';
import { createTokenReader } from './token/read-token.ts';
import { createRevokeToken } from './oauth/revoke-token.ts';
import { createStandingOf } from './token/standing.ts';
import { createNonces } from './proof/nonces.ts';
import { createProvePossession } from './proof/prove-possession.ts';
import { createSpendOnce } from './proof/spend-once.ts';
import { createVerbs, type VerbDependencies } from './verbs.ts';

const NAME = 'portcullis-auth';
const VERSION = '0.1.0';

export async function compose(config: AuthConfig, owned: Disposal): Promise<Running> {
  const logger = createLogger({ service: 'auth', level: config.logLevel });
  const registry = createRegistry('auth');
  const outages = new Outages({ logger, needed: 'postgres' });
  warnOfScale(config, logger);

  const postgres = owned.use(connectPostgres(config.secrets.databaseUrl, NAME));
  const { database } = postgres;
  const { listen } = config;
  const schema = await awaitSchema({ schema: schemaOf(postgres.sql), logger, listen, owned });
  const redis = owned.use(connectRedis(config.secrets.redisUrl, NAME, logger));
  const { keyRing, making, refreshTokens, linkTokens, nonces } = await openSecrets(
    config,
    owned,
    database,
    logger,
  );
  const bus = owned.use(new AwaitedBus({ logger, registry, outages }));
  const hasher = owned.use(await createPasswordHasher(config.argon2));
  const metrics = createAuthMetrics(registry, hasher.load, {
    nats: () => bus.connected,
    redis: () => redis.connected,
  });
  const mailQueue = composeMail(config, owned, {
    database,
    linkTokens,
    metrics,
    logger,
    outages,
  });
  const verifierSide = await composeVerifierSide(config, owned, {
    database,
    bus,
    metrics,
    logger,
    outages,
    vouches: keyRing.vouches,
    onMails: mailQueue.wake,
  });
  const { revocations, auditKeeper } = verifierSide;
  const { makeChange } = revocations;
  const { failed } = outages;
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
  await makeFirstAdministrator(config, { database, makeChange, hasher }, logger);
  await warnOfBrokenKeys(database, logger);

  const { issuer, audiences, accessTokenSeconds: lifeSeconds } = config;
  const mint = createMint({ keyRing, issuer, audiences, lifeSeconds });
  const { service, refresh } = createVerbs({
    database,
    revocations,
    auditKeeper,
    keyRing,
    making,
    mint,
    hasher,
    limits: createLimits({
      redis: redis.redis,
      prefix: config.prefix,
      scale: config.rateLimitScale,
      degraded(error) {
        metrics.limiterDegraded();
        redis.outage.failed(error, 'counting attempts');
      },
      attacked: createNoticeAttack(makeChange, logger, metrics.attack),
    }),
    judge: createJudgePassword(breachedPasswords(config, logger)),
    refreshTokens,
    linkTokens,
    metrics,
    sessionLimits: config.sessionLimits,
    requireVerifiedEmail: config.requireVerifiedEmail,
  });
  const standingOf = createStandingOf(database);
  const readToken = createTokenReader({ keyRing, issuer, audience: null });
  const guard = new PossessionGuard(Date.now);
  const authenticate = createAuthenticate(
    createTokenReader({ keyRing, issuer, audience: OWN_AUDIENCE }),
    standingOf,
    (token, claims, possession) => guard.demand(token, claims, possession),
  );
  const { publicUrls } = config;
  const provePossession = createProvePossession({
    nonces,
    spendOnce: createSpendOnce(database),
    publicUrls,
    now: wallSeconds,
  });
  const server = owned.use(
    await createHttpServer({
      title: 'Portcullis auth service',
      version: VERSION,
      production: config.production,
      logger,
      registry,
      outages,
      router: createAuthRouter(service),
      authenticate: async (request) => {
        const { token, possession } = presentedToken(request, publicUrls);
        return await authenticate(token, possession);
      },
      provePossession,
      // Redis and NATS are not among these: without them this service still logs people out.
      readiness: { postgres: () => probeDatabase(postgres.sql), schema },
      trustedProxies: config.trustedProxies,
      drainDelayMs: config.drainDelayMs,
      cookies: { ...config.cookies, refreshSeconds: config.sessionLimits.absoluteSeconds },
      rawRoutes(app) {
        const identifyClient = clientIdentification(database, issuer);
        addTokenEndpoint(app, { identifyClient, refresh, mint, audiences, provePossession });
        addRevocationEndpoint(app, {
          identifyClient,
          revokeToken: createRevokeToken({
            database,
            makeChange,
            receipts: revocations.receipts,
            refreshTokens,
            readToken,
          }),
        });
        addIntrospectionEndpoint(app, {
          requireClient: createRequireClient(identifyClient),
          authenticate: createAuthenticate(readToken, standingOf),
        });
        addMetadataRoutes(app, { keyRing, issuer });
        verifierSide.addRoutes(app);
        addLinkPages(app);
      },
      rawPaths: { ...oauthPaths, ...verifierPaths },
    }),
  );
  await server.listen(config.listen);
  return { logger, drain: (how) => server.drain(how) };
}

const wallSeconds = (): number => Date.now() / 1_000;

function warnOfScale({ rateLimitScale: scale }: AuthConfig, logger: Logger): void {
  if (scale === 1) return;
  logger.warn(
    { scale },
    'PORTCULLIS_RATE_LIMIT_SCALE is not 1: the limits are not the intended ones',
  );
}

function breachedPasswords({ breachedPasswordsUrl: url }: AuthConfig, logger: Logger): IsBreached {
  if (url === null) return nobodyToAsk;
  return rangeService(url, (error) => logger.warn({ err: error }, 'breached passwords not asked'));
}

/** What is sealed in the database; a wrong key-encryption key ends the start here. */
async function openSecrets(
  config: AuthConfig,
  owned: Disposal,
  database: Database,
  logger: Logger,
) {
  const { keyEncryptionKey, otherKeyEncryptionKey } = config.secrets;
  const seal = createSeal(keyEncryptionKey, otherKeyEncryptionKey);
  const making = { seal, algorithm: config.signing.algorithm };
  try {
    const resealed = await reseal(database, seal);
    if (resealed > 0) logger.info({ resealed }, 'sealed anew under the present key');
    const keyRing = owned.use(
      await openKeyRing(database, { ...making, issuer: config.issuer }, logger),
    );
    const refreshTokens = createRefreshTokens(await sharedSecret(database, seal, 'refresh-tokens'));
    const linkTokens = createLinkTokens(await sharedSecret(database, seal, 'links'));
    const nonces = createNonces(await sharedSecret(database, seal, 'dpop-nonces'), wallSeconds);
    return { making, keyRing, refreshTokens, linkTokens, nonces };
  } catch (error) {
    if (error instanceof SealError) throw new ConfigurationError([error.message]);
    throw error;
  }
}

async function makeFirstAdministrator(
  { secrets: { administrator }, requireVerifiedEmail }: AuthConfig,
  dependencies: Pick<VerbDependencies, 'database' | 'hasher'> & Pick<Revocations, 'makeChange'>,
  logger: Logger,
): Promise<void> {
  try {
    if (administrator !== null) {
      const options = { onlyFirst: true, requireVerifiedEmail };
      const created = await createAdministrator(dependencies, administrator, options);
      if (created === 'created') logger.info('the first administrator was made');
      if (created === 'taken' || created === 'not-first') {
        logger.warn(
          { outcome: created },
          'PORTCULLIS_ADMIN_EMAIL names no administrator; none was made',
        );
      }
    }
    if (!(await hasAdministrator(dependencies.database, requireVerifiedEmail))) {
      logger.warn('no administrator can log in: make one with the command create-admin');
    }
  } catch (error) {
    if (error instanceof UnusableAdministrator) throw new ConfigurationError([error.message]);
    throw error;
  }
}

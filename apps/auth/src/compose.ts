/** The composition root: adapters, then verbs, then the server. What is made first is closed last. */
import { createAuthRouter } from '@portcullis/api';
import {
  bearerToken,
  ConfigurationError,
  connectBus,
  createHttpServer,
  createLogger,
  createRegistry,
  type Bus,
  type Disposal,
  type Logger,
  type Running,
} from '@portcullis/service';
import { createAdministrator, UnusableAdministrator } from './account/create-administrator.ts';
import { createPasswordHasher } from './account/password-hasher.ts';
import { createAuthenticateClient } from './client/authenticate-client.ts';
import { OWN_AUDIENCE, type AuthConfig } from './config.ts';
import { openKeyRing } from './keys/key-ring.ts';
import { createSeal, SealError } from './keys/seal.ts';
import { sharedSecret } from './keys/shared-secret.ts';
import { createLimits } from './login/limits.ts';
import { createAuthMetrics, type AuthMetrics } from './metrics.ts';
import { NatsRevocationBus } from './nats/revocation-bus.ts';
import { addMetadataRoutes } from './oauth/metadata.ts';
import { oauthPaths } from './oauth/paths.ts';
import { addTokenEndpoint } from './oauth/token-endpoint.ts';
import { connectPostgres, type Database } from './postgres/database.ts';
import { connectProtocol } from './postgres/protocol-connection.ts';
import { postgresAccountEvents, postgresRevocationLog } from './postgres/revocation-log.ts';
import { postgresVerifierRegistry } from './postgres/verifier-registry.ts';
import { connectRedis } from './redis/connect.ts';
import { createRevocations, type Revocations } from './revocation/compose.ts';
import { createRefreshTokens } from './session/refresh-token.ts';
import { createAuthenticate } from './token/authenticate.ts';
import { MAX_TOKEN_SECONDS } from './token/lifetime.ts';
import { createMint } from './token/mint.ts';
import { createTokenReader } from './token/read-token.ts';
import { createStandingOf } from './token/standing.ts';
import { createVerbs, type VerbDependencies } from './verbs.ts';

const NAME = 'portcullis-auth';
const VERSION = '0.1.0';

export async function compose(config: AuthConfig, owned: Disposal): Promise<Running> {
  const logger = createLogger({ service: 'auth', level: config.logLevel });
  const registry = createRegistry('auth');
  warnOfScale(config, logger);

  const postgres = owned.use(connectPostgres(config.secrets.databaseUrl, NAME));
  const { database } = postgres;
  const redis = owned.use(connectRedis(config.secrets.redisUrl, NAME, logger));
  const { keyRing, seal, refreshTokens } = await openSecrets(config, owned, database, logger);
  const { natsUrl: url } = config.secrets;
  const bus = owned.use(await connectBus({ url, name: 'auth', prefix: config.prefix, logger }));
  const hasher = await createPasswordHasher();
  const metrics = createAuthMetrics(registry, hasher.load, {
    nats: () => bus.connected,
    redis: () => redis.connected,
  });
  const revocations = await composeRevocations(config, owned, { database, bus, metrics, logger });
  const { makeChange } = revocations;
  await makeFirstAdministrator(config, { database, makeChange, hasher }, logger);

  const { issuer, audiences, accessTokenSeconds: lifeSeconds } = config;
  const mint = createMint({ keyRing, issuer, audiences, lifeSeconds });
  const { service, refresh } = createVerbs({
    database,
    revocations,
    keyRing,
    seal,
    mint,
    hasher,
    limits: createLimits({
      redis: redis.redis,
      prefix: config.prefix,
      scale: config.rateLimitScale,
      degraded: metrics.limiterDegraded,
    }),
    refreshTokens,
    metrics,
    requireVerifiedEmail: config.requireVerifiedEmail,
  });
  const authenticate = createAuthenticate(
    createTokenReader({ keyRing, issuer, audience: OWN_AUDIENCE }),
    createStandingOf(database),
  );
  const server = owned.use(
    await createHttpServer({
      title: 'Portcullis auth service',
      version: VERSION,
      production: config.production,
      logger,
      registry,
      router: createAuthRouter(service),
      authenticate: async (request) => await authenticate(bearerToken(request)),
      // Redis and NATS are not among these: without them this service still logs people out.
      readiness: { postgres: () => postgres.sql`select 1` },
      trustedProxies: config.trustedProxies,
      rawRoutes(app) {
        const authenticateClient = createAuthenticateClient(database);
        addTokenEndpoint(app, { authenticateClient, refresh, mint });
        addMetadataRoutes(app, { keyRing, issuer });
      },
      rawPaths: oauthPaths,
    }),
  );
  await server.listen(config.listen);
  return { logger, drain: () => server.drain() };
}

function warnOfScale({ rateLimitScale: scale }: AuthConfig, logger: Logger): void {
  if (scale === 1) return;
  logger.warn(
    { scale },
    'PORTCULLIS_RATE_LIMIT_SCALE is not 1: the limits are not the intended ones',
  );
}

/** What is sealed in the database; a wrong key-encryption key ends the start here. */
async function openSecrets(
  config: AuthConfig,
  owned: Disposal,
  database: Database,
  logger: Logger,
) {
  const seal = createSeal(config.secrets.keyEncryptionKey);
  try {
    const keyRing = owned.use(await openKeyRing(database, seal, logger));
    const refreshTokens = createRefreshTokens(await sharedSecret(database, seal, 'refresh-tokens'));
    return { seal, keyRing, refreshTokens };
  } catch (error) {
    if (error instanceof SealError) throw new ConfigurationError([error.message]);
    throw error;
  }
}

async function composeRevocations(
  config: AuthConfig,
  owned: Disposal,
  parts: { database: Database; bus: Bus; metrics: AuthMetrics; logger: Logger },
): Promise<Revocations> {
  const { database, bus, metrics, logger } = parts;
  const protocol = owned.use(connectProtocol(config.secrets.databaseUrl, `${NAME}-protocol`));
  const failed = (error: unknown, what: string): void =>
    logger.warn({ err: error, what }, 'failed');
  const revocationBus = new NatsRevocationBus({
    connection: bus.connection,
    isConnected: () => bus.connected,
    prefix: config.prefix,
    malformed: (subject) => logger.warn({ subject }, 'malformed message'),
    failed,
  });
  return owned.use(
    await createRevocations({
      database,
      log: postgresRevocationLog(protocol.sql),
      registry: postgresVerifierRegistry(protocol.sql),
      outbox: postgresAccountEvents(protocol.sql),
      bus: owned.use(revocationBus),
      // Tokens may be alive that were minted before the setting was lowered.
      maxTokenLifeSeconds: MAX_TOKEN_SECONDS,
      maxStalenessMs: config.maxStalenessMs,
      failed,
      onCommitted: ({ kind, reason }) => metrics.revocation(kind, reason),
    }),
  );
}

async function makeFirstAdministrator(
  { secrets: { administrator } }: AuthConfig,
  dependencies: Pick<VerbDependencies, 'database' | 'hasher'> & Pick<Revocations, 'makeChange'>,
  logger: Logger,
): Promise<void> {
  if (administrator === null) return;
  try {
    const created = await createAdministrator(dependencies, administrator, { onlyFirst: true });
    if (created === 'created') logger.info('the first administrator was made');
    if (created === 'taken' || created === 'not-first') {
      logger.warn(
        { outcome: created },
        'PORTCULLIS_ADMIN_EMAIL names no administrator; none was made',
      );
    }
  } catch (error) {
    if (error instanceof UnusableAdministrator) throw new ConfigurationError([error.message]);
    throw error;
  }
}

/** What the rest is put together over: the log, connections to the servers, and the secrets in the database. */
import {
  LazyNatsConnection,
  ConfigurationError,
  createLogger,
  createRegistry,
  Outages,
  type Disposal,
  type Logger,
} from '@portcullis/service';
import { awaitSchema } from '@portcullis/service/postgres';
import { createDpopNonces } from '@portcullis/verify/guard';
import type { AuthConfig } from './config.ts';
import { DeclaredServices } from './config/declared-services.ts';
import { observeDatabase } from './database-metrics.ts';
import { connectPostgres, type Database } from './database/database.ts';
import { schemaOf } from './database/migrations.ts';
import { openKeyRing } from './keys/key-ring.ts';
import { reseal } from './keys/reseal.ts';
import { createSeal, SealError } from './keys/seal.ts';
import { sharedSecret } from './keys/shared-secret.ts';
import { createLinkTokens } from './link/link-tokens.ts';
import { createAuthMetrics } from './metrics.ts';
import { createPasswordHasher } from './password/password-hasher.ts';
import { connectRedis } from './redis/connect.ts';
import { createRefreshTokens } from './session/refresh-token.ts';

const NAME = 'portcullis-auth';

export type Parts = Awaited<ReturnType<typeof openParts>>;

/** Waits until the database has the schema of this release. */
export async function openParts(
  config: AuthConfig,
  owned: Disposal,
  problemOfAudiences: (audiences: readonly string[]) => string | undefined,
) {
  const logger = createLogger({ service: 'auth', level: config.logLevel });
  const registry = createRegistry('auth');
  const outages = new Outages({ logger, needed: 'postgres' });
  warnOfScale(config, logger);
  const services = owned.use(
    new DeclaredServices({ ...config.services, problemOfAudiences }, logger),
  );
  await services.source.follow();

  const { sql, database } = owned.use(connectPostgres(config.secrets.databaseUrl, NAME));
  const { listen } = config;
  const schema = await awaitSchema({ schema: schemaOf(sql), logger, listen, owned });
  const redis = owned.use(connectRedis(config.secrets.redisUrl, NAME, logger));
  const secrets = await openSecrets(config, owned, database, logger);
  const bus = owned.use(new LazyNatsConnection({ logger, registry, outages }));
  const hasher = owned.use(createPasswordHasher(config.argon2));
  const metrics = createAuthMetrics(registry, hasher.load, {
    nats: () => bus.connected,
    redis: () => redis.connected,
  });
  observeDatabase(registry, database);
  return {
    logger,
    registry,
    outages,
    sql,
    database,
    schema,
    services,
    redis,
    bus,
    hasher,
    metrics,
    ...secrets,
  };
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
  const { keyEncryptionKey, otherKeyEncryptionKey } = config.secrets;
  const seal = createSeal(keyEncryptionKey, otherKeyEncryptionKey);
  const keyFactory = { seal, algorithm: config.signing.algorithm };
  try {
    const resealed = await reseal(database, seal);
    if (resealed > 0) logger.info({ resealed }, 'sealed anew under the present key');
    const keyRing = owned.use(
      await openKeyRing(database, { ...keyFactory, issuer: config.issuer }, logger),
    );
    const refreshTokens = createRefreshTokens(await sharedSecret(database, seal, 'refresh-tokens'));
    const linkTokens = createLinkTokens(await sharedSecret(database, seal, 'links'));
    const nonces = createDpopNonces(await sharedSecret(database, seal, 'dpop-nonces'), wallSeconds);
    return { keyFactory, keyRing, refreshTokens, linkTokens, nonces };
  } catch (error) {
    if (error instanceof SealError) throw new ConfigurationError([error.message]);
    throw error;
  }
}

export const wallSeconds = (): number => Date.now() / 1_000;

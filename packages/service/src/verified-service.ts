/**
 * A service that verifies tokens: its parts, and the order in which it starts to serve.
 *
 * It listens before it has its first grant, so that its probes say what it waits for. NATS may come
 * later: until then grants come over HTTP, and what the service reads from NATS waits.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { withFallback } from '@portcullis/verify';
import { httpGrants } from '@portcullis/verify/feeds/http';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { LazyNatsConnection } from './bus/lazy-nats-connection.ts';
import type { VerifiedServiceConfig } from './config/verified-service-fields.ts';
import { createLogger, type Logger } from './logger.ts';
import { createRegistry, type Registry } from './metrics/registry.ts';
import { Outages } from './outages.ts';
import type { Disposal } from './process/disposal.ts';
import type { Running } from './process/serve.ts';
import { createHttpServer, type HttpServerOptions } from './server.ts';
import { securedFetch } from './tls/secured-fetch.ts';
import { Verification } from './verification.ts';

export interface VerifiedServiceParts {
  readonly name: string;
  readonly config: VerifiedServiceConfig;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly outages: Outages;
  readonly verification: Verification;
  readonly bus: LazyNatsConnection;
}

/**
 * @param options `name`: under which the service verifies, in receipts and on NATS; `needed`: the part
 *   without which it can do nothing, as `Outages` has it
 */
export function createVerifiedServiceParts(options: {
  name: string;
  needed: string;
  config: VerifiedServiceConfig;
}): VerifiedServiceParts {
  const { name, needed, config } = options;
  const logger = createLogger({ service: name, level: config.logLevel });
  const registry = createRegistry(name);
  const outages = new Outages({ logger, needed });
  const verification = new Verification(registry, config, logger);
  const bus = new LazyNatsConnection({ logger, registry, outages });
  return { name, config, logger, registry, outages, verification, bus };
}

export interface ServeOptions extends Pick<
  HttpServerOptions,
  'title' | 'version' | 'router' | 'readiness'
> {
  /** Closes what is made here; what was made before is closed later. */
  owned: Disposal;
  /** Reads from NATS, and is done when it has begun to wait for the connection. */
  readBus?: (connection: Promise<NatsConnection>) => void;
}

export async function serveVerifiedService(
  { name, config, logger, registry, outages, verification, bus }: VerifiedServiceParts,
  { owned, readBus, ...edge }: ServeOptions,
): Promise<Running> {
  const { production, trustedProxies, drainDelayMs, cookies } = config;
  const server = owned.use(
    await createHttpServer({
      ...edge,
      production,
      logger,
      registry,
      outages,
      guard: verification.guard,
      trustedProxies,
      drainDelayMs,
      cookies,
    }),
  );
  await server.listen(config);

  const { natsUrl, prefix, issuer, audience, authUrl, client, tlsFiles } = config;
  const auth = securedFetch(tlsFiles);
  owned.use(bus);
  const connection = bus.connect({ url: natsUrl, name, prefix });
  readBus?.(connection);
  const feed = withFallback(
    natsFeed({ connection, prefix, subscriptions: bus.subscriptions }),
    httpGrants({ authUrl, ...client, fetch: auth }),
  );
  const onMalformed = bus.malformed;
  const options = { issuer, audience, service: name, feed, onMalformed, fetch: auth };
  owned.use(await verification.start(options));
  return { logger, drain: (how) => server.drain(how) };
}

/** The composition root: the auth service's client, verbs, server. */
import { createAdminRouter } from '@portcullis/api';
import { createMachineClient } from '@portcullis/client';
import {
  AwaitedBus,
  createHttpServer,
  createLogger,
  createRegistry,
  Outages,
  Verification,
  type Disposal,
  type Running,
} from '@portcullis/service';
import { withFallback } from '@portcullis/verify';
import { httpGrants } from '@portcullis/verify/http';
import { natsFeed } from '@portcullis/verify/nats';
import { changeAccounts } from './account/change-accounts.ts';
import { readAccounts } from './account/read-accounts.ts';
import type { AdminConfig } from './config.ts';
import { readAudit } from './operation/audit.ts';
import { administerClients } from './operation/clients.ts';
import { changeKeys } from './operation/keys.ts';
import { readVerifiers } from './operation/verifiers.ts';

/** The name under which this service verifies, in receipts and on NATS. */
export const SERVICE = 'admin';
const VERSION = '0.1.0';

export async function compose(config: AdminConfig, owned: Disposal): Promise<Running> {
  const logger = createLogger({ service: SERVICE, level: config.logLevel });
  const registry = createRegistry(SERVICE);
  const outages = new Outages({ logger, needed: 'auth' });
  const auth = createMachineClient({ authUrl: config.authUrl, ...config.client });
  const verification = new Verification(registry, config.publicUrls, logger);
  const bus = new AwaitedBus({ logger, registry, outages });

  const server = owned.use(
    await createHttpServer({
      title: 'Portcullis admin service',
      version: VERSION,
      production: config.production,
      logger,
      registry,
      outages,
      router: createAdminRouter({
        ...readAccounts(auth),
        ...changeAccounts(auth),
        ...readVerifiers(auth),
        ...changeKeys(auth),
        ...readAudit(auth),
        ...administerClients(auth),
      }),
      authenticate: verification.authenticate,
      // Not NATS, without which this service is only slower. Nor the auth service: while it is away
      // each answer says so, and comes back by itself.
      readiness: {
        verifier: verification.check,
        key_set: verification.checkKeys,
      },
      trustedProxies: config.trustedProxies,
      drainDelayMs: config.drainDelayMs,
      cookies: config.cookies,
    }),
  );
  // It listens before it has its first grant, so that its probes say what it waits for.
  await server.listen(config);

  const { natsUrl, prefix, issuer, audience } = config;
  owned.use(bus);
  // NATS may come later: until then grants come over HTTP.
  const connection = bus.connect({ url: natsUrl, name: SERVICE, prefix });
  const grants = httpGrants({ authUrl: config.authUrl, ...config.client });
  const feed = withFallback(
    natsFeed({ connection, prefix, subscriptions: bus.subscriptions }),
    grants,
  );
  const onMalformed = bus.malformed;
  owned.use(await verification.start({ issuer, audience, service: SERVICE, feed, onMalformed }));
  return { logger, drain: (how) => server.drain(how) };
}

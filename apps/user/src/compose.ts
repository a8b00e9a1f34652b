/** The composition root: adapters, verbs, server. */
import { createUserRouter } from '@portcullis/api';
import { createMachineClient } from '@portcullis/client';
import type { AccountEvent } from '@portcullis/contracts';
import { subscribeToEvents, type EventSubscription } from '@portcullis/events';
import {
  AwaitedBus,
  createHttpServer,
  createLogger,
  createRegistry,
  observeConsumer,
  Outages,
  Verification,
  type Disposal,
  type Running,
} from '@portcullis/service';
import { awaitSchema } from '@portcullis/service/postgres';
import { withFallback } from '@portcullis/verify';
import { httpGrants } from '@portcullis/verify/http';
import { natsFeed } from '@portcullis/verify/nats';
import { renameAtAuth } from './auth-service.ts';
import { checkEvents } from './check-events.ts';
import type { UserConfig } from './config.ts';
import { BetweenInstances } from './live/between-instances.ts';
import { liveEventOf } from './live/live-event-of.ts';
import { LiveEvents } from './live/live-events.ts';
import { schemaOf } from './postgres/migrations.ts';
import { openDatabase } from './postgres/database.ts';
import { postgresProfiles } from './postgres/postgres-profiles.ts';
import { Arrivals } from './profile/arrivals.ts';
import { getMe } from './profile/get-me.ts';
import { learnAccountEvent } from './profile/learn-account-event.ts';
import { updateMe } from './profile/update-me.ts';

/** The name under which this service verifies, in receipts and on NATS. */
export const SERVICE = 'user';
const VERSION = '0.1.0';

export async function compose(config: UserConfig, owned: Disposal): Promise<Running> {
  const logger = createLogger({ service: SERVICE, level: config.logLevel });
  const registry = createRegistry(SERVICE);
  const outages = new Outages({ logger, needed: 'postgres' });
  const database = owned.use(openDatabase(config.databaseUrl));
  const schema = await awaitSchema({
    schema: schemaOf(database.sql),
    logger,
    listen: config,
    owned,
  });
  const profile = { profiles: postgresProfiles(database.db), arrivals: new Arrivals() };
  const rename = renameAtAuth(createMachineClient({ authUrl: config.authUrl, ...config.client }));
  const verification = new Verification(registry, config.publicUrls, logger);
  const bus = new AwaitedBus({ logger, registry, outages });
  const live = new LiveEvents();
  const instances = new BetweenInstances({
    live,
    prefix: config.prefix,
    service: SERVICE,
    logger,
    subscriptions: bus.subscriptions,
    malformed: bus.malformed,
  });

  // Begun when NATS is asked, below.
  const subscriptions: EventSubscription[] = [];
  const server = owned.use(
    await createHttpServer({
      title: 'Portcullis user service',
      version: VERSION,
      production: config.production,
      logger,
      registry,
      outages,
      router: createUserRouter({
        getMe: (call) => getMe(profile, call),
        updateMe: (call, input) => updateMe({ ...profile, renameAtAuth: rename }, call, input),
        events: ({ caller, ended }, after) => live.stream(caller.sub, after, ended),
      }),
      authenticate: verification.authenticate,
      watch: verification.watch,
      readiness: {
        // Not NATS: without it this service is only slower.
        postgres: () => database.check(),
        schema,
        verifier: verification.check,
        key_set: verification.checkKeys,
        events: () => checkEvents(subscriptions.flatMap((one) => one.problems())),
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
  owned.use(instances);
  // NATS may come later: until then grants come over HTTP, and events wait.
  const connection = bus.connect({ url: natsUrl, name: SERVICE, prefix });
  instances.listen(connection);
  const learn = async (event: AccountEvent): Promise<void> => {
    await learnAccountEvent(profile, event);
    instances.tell({ id: event.id, userId: event.user_id, event: liveEventOf(event) });
    const { request_id, id: event_id, type } = event;
    logger.info({ request_id, event_id, type }, 'account event');
  };
  const consumer = owned.use(
    subscribeToEvents({
      connection,
      prefix,
      durable: SERVICE,
      handlers: {
        registered: learn,
        'email-changed': learn,
        'profile-changed': learn,
        disabled: learn,
        enabled: learn,
        'roles-changed': learn,
        deleted: learn,
      },
      ignored: ['revocations'],
      logger,
    }),
  );
  subscriptions.push(consumer);
  observeConsumer(registry, consumer);
  const grants = httpGrants({ authUrl: config.authUrl, ...config.client });
  const feed = withFallback(
    natsFeed({ connection, prefix, subscriptions: bus.subscriptions }),
    grants,
  );
  const onMalformed = bus.malformed;
  owned.use(await verification.start({ issuer, audience, service: SERVICE, feed, onMalformed }));
  return { logger, drain: (how) => server.drain(how) };
}

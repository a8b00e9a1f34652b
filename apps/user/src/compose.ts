/** The composition root: adapters, verbs, server. */
import { createUserRouter } from '@portcullis/api';
import { createMachineClient } from '@portcullis/client';
import type { AccountEvent } from '@portcullis/contracts';
import { subscribeToEvents, type EventSubscription } from '@portcullis/events';
import {
  createVerifiedServiceParts,
  observeConsumer,
  securedFetch,
  serveVerifiedService,
  type Disposal,
  type Logger,
  type Running,
  type VerifiedServiceParts,
} from '@portcullis/service';
import type { NatsConnection } from '@nats-io/transport-node';
import { awaitSchema } from '@portcullis/service/postgres';
import { renameAtAuth } from './auth-service.ts';
import { checkEvents } from './check-events.ts';
import type { UserConfig } from './config.ts';
import { InstanceBroadcast } from './live/instance-broadcast.ts';
import { liveEventOf } from './live/live-event-of.ts';
import { LiveEvents } from './live/live-events.ts';
import { schemaOf } from './postgres/migrations.ts';
import { openDatabase } from './postgres/database.ts';
import { postgresProfiles } from './postgres/postgres-profiles.ts';
import { ProfileWaiters } from './profile/profile-waiters.ts';
import { getMe } from './profile/get-me.ts';
import { learnAccountEvent } from './profile/learn-account-event.ts';
import { updateMe } from './profile/update-me.ts';

/** The name under which this service verifies, in receipts and on NATS. */
export const SERVICE = 'user';
const VERSION = '0.2.0';

export async function compose(config: UserConfig, owned: Disposal): Promise<Running> {
  const parts = createVerifiedServiceParts({ name: SERVICE, needed: 'postgres', config });
  const { logger, verification } = parts;
  const database = owned.use(openDatabase(config.databaseUrl));
  const schema = await awaitSchema({
    schema: schemaOf(database.sql),
    logger,
    listen: config,
    owned,
  });
  const profile = { profiles: postgresProfiles(database.db), waiters: new ProfileWaiters() };
  const { authUrl, client, tlsFiles } = config;
  const rename = renameAtAuth(
    createMachineClient({ authUrl, ...client, fetch: securedFetch(tlsFiles) }),
  );
  const live = new LiveEvents();
  const instances = createInstances(parts, live);
  const learn = learnAndPublish(profile, instances, logger);

  // Begun when NATS is asked, below.
  const subscriptions: EventSubscription[] = [];
  return await serveVerifiedService(parts, {
    title: 'Portcullis user service',
    version: VERSION,
    router: createUserRouter({
      getMe: (call) => getMe(profile, call),
      updateMe: (call, input) => updateMe({ ...profile, renameAtAuth: rename }, call, input),
      events: ({ caller, ended }, after) => live.stream(caller.sub, after, ended),
    }),
    readiness: {
      // Not NATS: without it this service is only slower.
      postgres: () => database.check(),
      schema,
      ...verification.readiness,
      events: () => checkEvents(subscriptions.flatMap((one) => one.problems())),
    },
    owned,
    readBus(connection) {
      owned.use(instances).listen(connection);
      const consumer = owned.use(readAccountEvents(parts, connection, learn));
      subscriptions.push(consumer);
      observeConsumer(parts.registry, consumer);
    },
  });
}

type Learn = (event: AccountEvent) => Promise<void>;
type Learned = Parameters<typeof learnAccountEvent>[0];

function createInstances({ config, logger, bus }: VerifiedServiceParts, live: LiveEvents) {
  return new InstanceBroadcast({
    live,
    prefix: config.prefix,
    service: SERVICE,
    logger,
    subscriptions: bus.subscriptions,
    malformed: bus.malformed,
  });
}

/** Keeps what an event says, and passes it to the streams of every instance. */
function learnAndPublish(profile: Learned, instances: InstanceBroadcast, logger: Logger): Learn {
  return async (event) => {
    await learnAccountEvent(profile, event);
    instances.publish({ id: event.id, userId: event.user_id, event: liveEventOf(event) });
    const { request_id, id: event_id, type } = event;
    logger.info({ request_id, event_id, type }, 'account event');
  };
}

function readAccountEvents(
  { config, logger }: VerifiedServiceParts,
  connection: Promise<NatsConnection>,
  learn: Learn,
): EventSubscription {
  return subscribeToEvents({
    connection,
    prefix: config.prefix,
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
  });
}

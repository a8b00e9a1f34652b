/** The composition root: adapters, verbs, server. */
import { createUserRouter } from '@portcullis/api';
import { accountEvent, subjectsOf } from '@portcullis/contracts';
import {
  AwaitedBus,
  consumeDurably,
  createHttpServer,
  createLogger,
  createRegistry,
  observeConsumer,
  Verification,
  type Disposal,
  type Running,
} from '@portcullis/service';
import { natsFeed } from '@portcullis/verify/nats';
import type { UserConfig } from './config.ts';
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
  const database = owned.use(openDatabase(config.databaseUrl));
  const profile = { profiles: postgresProfiles(database.db), arrivals: new Arrivals() };
  const verification = new Verification(registry);
  const bus = new AwaitedBus();

  const server = owned.use(
    await createHttpServer({
      title: 'Portcullis user service',
      version: VERSION,
      production: config.production,
      logger,
      registry,
      router: createUserRouter({
        getMe: (call) => getMe(profile, call),
        updateMe: (call, input) => updateMe(profile, call, input),
      }),
      authenticate: verification.authenticate,
      readiness: {
        postgres: () => database.check(),
        nats: bus.check,
        verifier: verification.check,
      },
      trustedProxies: config.trustedProxies,
    }),
  );
  // It listens before NATS is there, so that its probes say what it waits for.
  await server.listen(config);

  const { natsUrl, prefix, issuer, audience } = config;
  owned.use(bus);
  const { connection } = await bus.connect({ url: natsUrl, name: SERVICE, prefix, logger });
  const subjects = subjectsOf(prefix);
  const consumer = owned.use(
    consumeDurably({
      connection,
      stream: subjects.accountStream,
      durable: SERVICE,
      filter: subjects.accounts,
      schema: accountEvent,
      handle: async (event) => {
        await learnAccountEvent(profile, event);
        const { request_id, id: event_id, type } = event;
        logger.info({ request_id, event_id, type }, 'account event');
      },
      logger,
    }),
  );
  observeConsumer(registry, consumer);
  const feed = natsFeed({ connection, prefix });
  owned.use(await verification.start({ issuer, audience, service: SERVICE, feed }));
  return { logger, drain: () => server.drain() };
}

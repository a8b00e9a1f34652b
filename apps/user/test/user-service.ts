/** The user service in this process, on real PostgreSQL and NATS, with an issuer of the testkit. */
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { subjectsOf } from '@portcullis/bus';
import { newId, type AccountEvent, type UserId } from '@portcullis/contracts';
import { clientId, grantRequest } from '@portcullis/contracts/schemas';
import { connectBus, createLogger, Disposal } from '@portcullis/service';
import { appDatabase, createTestBed, freePort } from '@portcullis/testbed';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { startAuthStandIn } from './auth-stand-in.ts';
import { compose, SERVICE } from '../src/compose.ts';
import type { UserConfig } from '../src/config.ts';

export const AUDIENCE = 'urn:portcullis:user';
const logger = createLogger({ service: 'test', level: 'silent' });

export async function createSurroundings(natsUrl?: string) {
  const bed = await createTestBed({ databases: { user: appDatabase('user') } });
  const issuer = bed.use(await createTestIssuer({ audience: AUDIENCE }));
  const bus = bed.use(
    await connectBus({ url: natsUrl ?? bed.natsUrl, name: 'issuer', prefix: bed.prefix, logger }),
  );
  serveGrants(bus.connection, bed.prefix, issuer);
  const events = accountEvents(bus.connection, bed.prefix);
  const auth = bed.use(await startAuthStandIn(events.publish));
  const port = await freePort();
  const config: UserConfig = {
    production: false,
    host: '127.0.0.1',
    port,
    logLevel: 'silent',
    publicUrls: [`http://127.0.0.1:${port}`],
    trustedProxies: [],
    drainDelayMs: 0,
    cookies: { insecure: false, origins: [] },
    databaseUrl: bed.databaseUrls.user,
    natsUrl: natsUrl ?? bed.natsUrl,
    tlsFiles: {},
    prefix: bed.prefix,
    issuer: issuer.issuer,
    audience: AUDIENCE,
    authUrl: auth.url,
    client: { clientId: clientId.parse('cli_user'), clientSecret: 'x'.repeat(32) },
  };
  return {
    bed,
    issuer,
    connection: bus.connection,
    config,
    auth,
    ...events,
  };
}

/** Answers the verifier's requests for grants from the issuer's log in memory. */
function serveGrants(connection: NatsConnection, prefix: string, issuer: TestIssuer): void {
  const feed = issuer.revocations.feed();
  const subjects = subjectsOf(prefix);
  connection.subscribe(subjects.grants, {
    callback: (error, message) => {
      if (error !== null) return;
      const request = grantRequest.parse(message.json());
      void feed.request(request, 1_000).then((reply) => message.respond(reply));
    },
  });
}

function accountEvents(connection: NatsConnection, prefix: string) {
  const subjects = subjectsOf(prefix);
  return {
    /** And the consumer of this service, which may not make it. */
    async makeStream(): Promise<void> {
      const { streams, consumers } = await jetstreamManager(connection);
      await streams.add({ name: subjects.accountStream, subjects: [subjects.accounts] });
      await consumers.add(subjects.accountStream, {
        durable_name: SERVICE,
        filter_subject: subjects.accounts,
        ack_policy: AckPolicy.Explicit,
      });
    },
    async deleteStream(): Promise<void> {
      await (await jetstreamManager(connection)).streams.delete(subjects.accountStream);
    },
    async publish(event: AccountEvent): Promise<void> {
      await jetstream(connection).publish(subjects.account(event.type), JSON.stringify(event));
    },
    async publishText(text: string): Promise<void> {
      await jetstream(connection).publish(subjects.account('registered'), text);
    },
  };
}

export function registered(
  id: UserId,
  changes: { email?: string; name?: string } = {},
): AccountEvent {
  const { email = `${id}@example.test`, name = 'Ada' } = changes;
  return { ...everyEvent(id), type: 'registered', email, name };
}

export function deleted(id: UserId): AccountEvent {
  return { ...everyEvent(id), type: 'deleted' };
}

function everyEvent(id: UserId) {
  return {
    version: 1 as const,
    id: newId('evt'),
    user_id: id,
    occurred_at: Date.now(),
    actor: { kind: 'user' as const, id },
    request_id: 'req_test',
  };
}

/** Starts the service, waits until it is ready, and gives it back at the end. */
export async function startUserService(config: UserConfig) {
  const owned = new Disposal();
  const { drain } = await compose(config, owned);
  const url = `http://127.0.0.1:${config.port}`;
  for (let ready = false; !ready;) {
    ready = (await fetch(`${url}/readyz`)).ok;
    if (!ready) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url, drain, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

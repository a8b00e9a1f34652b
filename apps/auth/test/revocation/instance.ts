/** One instance of the revocation side of auth, and verifiers, in this process over real servers. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { newId, type RevocationEvent, type SessionId } from '@portcullis/contracts';
import type { TestBed } from '@portcullis/testbed';
import { systemClock } from '@portcullis/verify';
import { Ledger, Replica } from '@portcullis/verify/revocation';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { NatsRevocationBus } from '../../src/nats/revocation-bus.ts';
import { connectPostgres } from '../../src/database/database.ts';
import { connectProtocol } from '../../src/database/protocol-connection.ts';
import { postgresAccountEvents } from '../../src/revocation/postgres-account-events.ts';
import { postgresRevocationLog } from '../../src/revocation/postgres-revocation-log.ts';
import { postgresVerifierRegistry } from '../../src/revocation/postgres-verifier-registry.ts';
import type { RevocationBus } from '../../src/revocation/bus.ts';
import type { VerifierRegistry } from '../../src/revocation/registry.ts';
import type { Changed } from '../../src/change/unit-of-work.ts';
import { createRevocations, type Revocations } from '../../src/revocation/compose.ts';
import { countingAccess } from '../../src/access/present-access.ts';

export async function connectNats(bed: TestBed<'auth'>): Promise<NatsConnection> {
  const url = new URL(bed.natsUrl);
  const connection = await connect({
    servers: url.host,
    ...(url.username === ''
      ? {}
      : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    pingInterval: 1_000,
  });
  bed.use({ [Symbol.asyncDispose]: async () => await connection.close() });
  return connection;
}

export interface Instance {
  revocations: Revocations;
  /** Ends a session that never was, with all that goes with it. */
  revokeSession(key?: SessionId): Promise<Changed<SessionId>>;
}

type PostgresLog = ReturnType<typeof postgresRevocationLog>;

export interface InstanceOptions {
  maxStalenessMs?: number;
  /** Stands between the instance and the bus. */
  around?: (bus: RevocationBus) => RevocationBus;
  /** The same for the log, and for the registry. */
  aroundLog?: (log: PostgresLog) => PostgresLog;
  aroundRegistry?: (registry: VerifierRegistry) => VerifierRegistry;
}

export async function startInstance(
  bed: TestBed<'auth'>,
  options: InstanceOptions = {},
): Promise<Instance> {
  const connection = await connectNats(bed);
  const main = bed.use(connectPostgres(bed.databaseUrls.auth, 'test'));
  const protocol = bed.use(connectProtocol(bed.databaseUrls.auth, 'test'));
  let connected = true;
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') connected = false;
      if (type === 'reconnect') connected = true;
    }
  })();
  const bus = bed.use(
    new NatsRevocationBus({
      connection,
      isConnected: () => connected && !connection.isClosed(),
      subscriptions: { denied: () => {}, reopened: () => {} },
      durables: () => [],
      prefix: bed.prefix,
      malformed: () => {},
      failed: () => {},
      settingsChanged: () => {},
      settingsDiffer: () => {},
    }),
  );
  const log = postgresRevocationLog(protocol.sql);
  const registry = postgresVerifierRegistry(protocol.sql);
  const revocations = bed.use(
    await createRevocations({
      presentAccess: countingAccess(main.database),
      database: main.database,
      log: options.aroundLog?.(log) ?? log,
      registry: options.aroundRegistry?.(registry) ?? registry,
      outbox: postgresAccountEvents(protocol.sql),
      bus: options.around?.(bus) ?? bus,
      maxTokenLifeSeconds: 600,
      maxStalenessMs: options.maxStalenessMs ?? 3_000,
      failed: () => {},
    }),
  );
  return {
    revocations,
    revokeSession: async (key = newId('ses')) =>
      await revocations.withChange(
        { actor: { kind: 'system', id: 'test' }, requestId: 'req_test', address: null },
        async (change) => {
          await change.revoke({ kind: 'session', key }, 'logout');
          await change.audit({ action: 'test', target: { kind: 'session', id: key } });
          return key;
        },
      ),
  };
}

export interface RunningVerifier {
  replica: Replica;
  ledger: Ledger;
  connection: NatsConnection;
  applied: RevocationEvent[];
}

/** @returns once it is fresh */
export async function startVerifier(
  bed: TestBed<'auth'>,
  service: string,
): Promise<RunningVerifier> {
  const connection = await connectNats(bed);
  const ledger = new Ledger();
  const applied: RevocationEvent[] = [];
  const replica = new Replica({
    service,
    policy: 'reject',
    feed: natsFeed({ connection, prefix: bed.prefix }),
    ledger,
    clock: systemClock,
    onApplied: (event) => applied.push(event),
  });
  bed.use({ [Symbol.asyncDispose]: async () => await replica.close() });
  await replica.start();
  while (replica.state !== 'LIVE') await new Promise((resolve) => setTimeout(resolve, 10));
  return { replica, ledger, connection, applied };
}

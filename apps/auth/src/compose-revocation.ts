/**
 * What verifiers deal with: the log, grants, confirmations and receipts, over NATS and over HTTP; and
 * what follows each commit, the chaining of the audit trail.
 */
import type { MailId } from '@portcullis/contracts';
import type {
  LazyNatsConnection,
  Disposal,
  FastifyInstance,
  Logger,
  Outages,
} from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { countingAccess } from './access/present-access.ts';
import { AuditChainer } from './audit/chainer.ts';
import type { AuthConfig } from './config.ts';
import type { DeclaredServices } from './config/declared-services.ts';
import { addGrantEndpoint } from './http/grant-endpoint.ts';
import { addSnapshotEndpoint } from './http/snapshot-endpoint.ts';
import type { AuthMetrics } from './metrics.ts';
import { NatsRevocationBus } from './nats/revocation-bus.ts';
import { clientIdentification } from './oauth/client-identification.ts';
import { createRequireClient, type RequireClient } from './oauth/require-client.ts';
import { postgresAuditTrail } from './audit/postgres-audit-trail.ts';
import { connectPostgres, type Database } from './database/database.ts';
import { connectProtocol } from './database/protocol-connection.ts';
import { postgresAccountEvents } from './revocation/postgres-account-events.ts';
import { postgresRevocationLog } from './revocation/postgres-revocation-log.ts';
import { postgresSnapshotSource } from './revocation/postgres-snapshot-source.ts';
import { postgresVerifierRegistry } from './revocation/postgres-verifier-registry.ts';
import { createRevocations, type Revocations } from './revocation/compose.ts';
import type { GrantDependencies } from './revocation/grants.ts';
import { createReportBeyondHead } from './revocation/report-beyond-head.ts';
import { Snapshots } from './revocation/snapshots.ts';
import { MAX_TOKEN_SECONDS } from './timing/lifetimes.ts';

/** Chaining is one thing after the other, and delays no grant. */
const AUDIT_CONNECTIONS = 1;
/** For finding out who asks over HTTP. */
const CLIENT_CONNECTIONS = 2;

export interface VerifierSide {
  revocations: Revocations;
  auditChainer: AuditChainer;
  addRoutes(app: FastifyInstance): void;
}

export interface RevocationParts {
  database: Database;
  bus: LazyNatsConnection;
  metrics: AuthMetrics;
  logger: Logger;
  outages: Outages;
  services: DeclaredServices;
  /** Keys that go with grants. */
  vouches: () => readonly string[];
  /** What roles carry, which goes with them too. */
  access: NonNullable<GrantDependencies['access']>;
  onMails(ids: readonly MailId[]): void;
}

export async function composeRevocation(
  config: AuthConfig,
  owned: Disposal,
  parts: RevocationParts,
): Promise<VerifierSide> {
  const { database, metrics, logger, vouches, access, onMails } = parts;
  const { failed } = parts.outages;
  const { databaseUrl } = config.secrets;
  const protocol = owned.use(connectProtocol(databaseUrl, 'portcullis-auth-protocol'));
  const revocationBus = owned.use(revocationBusOf(config, parts));
  parts.services.onChange(() => void revocationBus.lookAfterStreams());
  const auditConnection = owned.use(
    connectProtocol(databaseUrl, 'portcullis-auth-audit', AUDIT_CONNECTIONS),
  );
  const auditChainer = owned.use(
    new AuditChainer({
      trail: postgresAuditTrail(auditConnection.sql),
      heads: revocationBus,
      clock: systemClock,
      failed,
    }),
  );
  const revocations = owned.use(
    await createRevocations({
      database,
      log: postgresRevocationLog(protocol.sql),
      registry: postgresVerifierRegistry(protocol.sql),
      outbox: postgresAccountEvents(protocol.sql),
      bus: revocationBus,
      // Tokens may be alive that were minted before the setting was lowered.
      maxTokenLifeSeconds: MAX_TOKEN_SECONDS,
      maxStalenessMs: config.maxStalenessMs,
      vouches,
      access,
      presentAccess: countingAccess(database),
      failed,
      beyondHead: createReportBeyondHead({
        logger,
        count: ({ service }) => metrics.beyondHead(service),
        clock: systemClock,
      }),
      onCommitted: ({ kind, reason }) => metrics.revocation(kind, reason),
      onMails,
    }),
  );
  const snapshots = owned.use(
    new Snapshots({
      source: postgresSnapshotSource(protocol.sql),
      clock: systemClock,
      failed: (error) => failed(error, 'following the log for snapshots'),
    }),
  );
  const requireClient = clientCheckOf(config, owned);

  return {
    revocations,
    auditChainer: auditChainer,
    addRoutes(app) {
      addGrantEndpoint(app, {
        requireClient,
        grant: revocations.grant,
        relay: (service, confirmed) => revocationBus.acknowledge(service, confirmed),
      });
      addSnapshotEndpoint(app, {
        requireClient,
        snapshot: async () => await snapshots.take(),
      });
    },
  };
}

function revocationBusOf(
  { secrets: { natsUrl: url }, prefix }: AuthConfig,
  { bus, logger, outages, services }: RevocationParts,
): NatsRevocationBus {
  return new NatsRevocationBus({
    // It may come later: without it users still log in and out.
    connection: bus.connect({ url, name: 'auth', prefix }),
    isConnected: () => bus.linked,
    subscriptions: bus.subscriptions,
    prefix,
    durables: services.durables,
    malformed: bus.malformed,
    failed: outages.failed,
    settingsChanged: (what, settings) =>
      logger.info({ part: 'nats', what, settings }, 'settings brought to those of this release'),
    settingsDiffer: (what, settings) =>
      logger.warn(
        { part: 'nats', what, settings },
        'other settings than this release wants; left alone, since changing them may lose events',
      ),
  });
}

/** Not over the connections that logins use: a burst of them must make no verifier stale. */
function clientCheckOf(config: AuthConfig, owned: Disposal): RequireClient {
  const { database } = owned.use(
    connectPostgres(config.secrets.databaseUrl, 'portcullis-auth-verifiers', CLIENT_CONNECTIONS),
  );
  return createRequireClient(clientIdentification(database, config.issuer));
}

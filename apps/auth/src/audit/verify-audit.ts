/** Verifies the audit trail, from the database and from the heads that NATS has kept. */
import { connect } from '@nats-io/transport-node';
import { reasonOfPeer } from '@portcullis/api';
import { inboxPrefix } from '@portcullis/bus';
import { parseBusAddress } from '@portcullis/service';
import { requireSchema } from '@portcullis/service/postgres';
import { readAuditHeads } from './read-audit-heads.ts';
import { readAuditTrail } from './postgres-audit-trail.ts';
import { connectPostgres } from '../database/database.ts';
import { schemaOf } from '../database/migrations.ts';
import { verifyTrail, type PublishedHead, type TrailVerdict } from './verify-trail.ts';

const BUS_TIMEOUT_MS = 10_000;

export interface AuditPlaces {
  databaseUrl: string;
  natsUrl: string;
  prefix: string;
}

export async function verifyAudit(places: AuditPlaces): Promise<TrailVerdict> {
  // First: what is published by now is in the table that is read afterwards.
  const published = await publishedHeads(places).catch((error: unknown) => ({
    away: reasonOfPeer(error),
  }));
  await using postgres = connectPostgres(places.databaseUrl, 'portcullis-auth-verify-audit', 1);
  await requireSchema(schemaOf(postgres.sql));
  const judge = async (heads: readonly PublishedHead[]): Promise<TrailVerdict> =>
    await readAuditTrail(postgres.sql, (trail) => verifyTrail(trail, heads));
  if (published !== null && 'away' in published) {
    const verdict = await judge([]);
    const why = published.away === undefined ? '' : ` (nats: ${published.away})`;
    verdict.problems.push(
      `the published heads could not be read${why}, so that an end cut off would not show`,
    );
    return verdict;
  }
  const verdict = await judge(published ?? []);
  if (published === null && verdict.head.position > 0) {
    verdict.problems.push(
      'no head was published to compare with; a running auth publishes the next',
    );
  }
  return verdict;
}

async function publishedHeads({ natsUrl, prefix }: AuditPlaces): Promise<PublishedHead[] | null> {
  const connection = await connect({
    ...parseBusAddress(natsUrl),
    name: 'verify-audit',
    inboxPrefix: inboxPrefix(prefix, 'auth'),
    reconnect: false,
    timeout: BUS_TIMEOUT_MS,
  });
  try {
    return await readAuditHeads(connection, prefix);
  } finally {
    await connection.close();
  }
}

/** Receipts for commands, which run beside auth: a running instance publishes, and verifiers confirm by their grants. */
import type { EventId, Receipt, RevocationEvent } from '@portcullis/contracts';
import { systemClock } from '@portcullis/verify';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { connectProtocol } from '../database/protocol-connection.ts';
import { Acknowledgements } from '../revocation/acknowledgements.ts';
import { postgresRevocationLog } from '../revocation/postgres-revocation-log.ts';
import { postgresVerifierRegistry } from '../revocation/postgres-verifier-registry.ts';
import { createReceipts } from '../revocation/receipts.ts';
import { RenewalWatch } from '../revocation/registry.ts';

/** Milliseconds: so long that a verifier which was killed can be seen to have run out. */
const WAIT_MS = 15_000;
const POLL_MS = 100;

/** Waits for up to 15 s. */
export async function receiptOf(
  databaseUrl: string,
  revoked: readonly RevocationEvent[],
): Promise<Receipt> {
  await using protocol = connectProtocol(databaseUrl, 'portcullis-auth-command');
  const published = new Set<EventId>();
  const deadline = systemClock.monotonic() + WAIT_MS;
  while (published.size < revoked.length && systemClock.monotonic() < deadline) {
    for (const { id } of revoked) if (await isPublished(protocol.sql, id)) published.add(id);
    await sleep(POLL_MS);
  }
  const { collect } = createReceipts({
    log: postgresRevocationLog(protocol.sql),
    registry: postgresVerifierRegistry(protocol.sql),
    watch: new RenewalWatch(systemClock.monotonic),
    acknowledgements: new Acknowledgements(systemClock.monotonic),
    publisher: {
      isPublished: (id) => published.has(id),
      isInFlight: () => false,
      push: () => undefined,
    },
    clock: systemClock,
  });
  return await collect(revoked, Math.max(0, deadline - systemClock.monotonic()));
}

async function isPublished(sql: Sql, id: EventId): Promise<boolean> {
  const rows = await sql`
    select 1 from revocation_log where id = ${id} and published_at is not null`;
  return rows.length > 0;
}

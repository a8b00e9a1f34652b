/**
 * The revocation side of auth by itself, which ends sessions when it is told to, and tells when the
 * commit was answered. Beside it, in the same process and after a commit of the same kind: a bare
 * message on the bus, and a deny list in Redis as one would write it by hand.
 */
import type { RevocationEvent } from '@portcullis/contracts';
import { sessionId } from '@portcullis/contracts/schemas';
import { answerQuestions, machineNow, natsOptions, settingsOfWorker } from '@portcullis/testbed';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { NatsRevocationBus } from '../src/nats/revocation-bus.ts';
import { connectPostgres } from '../src/database/database.ts';
import { connectProtocol } from '../src/database/protocol-connection.ts';
import { postgresAccountEvents } from '../src/revocation/postgres-account-events.ts';
import { postgresRevocationLog } from '../src/revocation/postgres-revocation-log.ts';
import { postgresVerifierRegistry } from '../src/revocation/postgres-verifier-registry.ts';
import { createRevocations } from '../src/revocation/compose.ts';
import { countingAccess } from '../src/access/present-access.ts';

const LIFE_S = 600;

const settings = z
  .object({
    databaseUrl: z.string(),
    natsUrl: z.string(),
    redisUrl: z.string(),
    prefix: z.string(),
  })
  .parse(settingsOfWorker());
const question = z.object({ by: z.enum(['portcullis', 'bus', 'redis']), key: sessionId });

/** When the last commit was answered. */
let committedAt = 0;

class WatchedBus extends NatsRevocationBus {
  /** The first thing that happens in the turn of the commit. */
  override async push(event: RevocationEvent): Promise<void> {
    committedAt = machineNow();
    await super.push(event);
  }
}

const { prefix } = settings;
const connection = await connect(natsOptions(settings.natsUrl));
const redis = new Redis(settings.redisUrl);
const main = connectPostgres(settings.databaseUrl, 'bench');
const protocol = connectProtocol(settings.databaseUrl, 'bench');
const failed = (error: unknown): void => console.error(error);
const bus = new WatchedBus({
  connection,
  isConnected: () => !connection.isClosed(),
  subscriptions: { denied: (_, error) => failed(error), reopened: () => {} },
  durables: () => [],
  prefix,
  malformed: failed,
  failed,
  settingsChanged: () => {},
  settingsDiffer: () => {},
});
const revocations = await createRevocations({
  presentAccess: countingAccess(main.database),
  database: main.database,
  log: postgresRevocationLog(protocol.sql),
  registry: postgresVerifierRegistry(protocol.sql),
  outbox: postgresAccountEvents(protocol.sql),
  bus,
  maxTokenLifeSeconds: LIFE_S,
  maxStalenessMs: 5_000,
  failed,
});
await main.sql`create table bench_denied (key text primary key)`;

/** As long as an event is. */
const message = JSON.stringify({ padding: 'x'.repeat(300) });

async function denyPlainly(key: string): Promise<void> {
  await main.sql.begin(async (tx) => {
    await tx`insert into bench_denied values (${key})`;
  });
  committedAt = machineNow();
}

answerQuestions(
  async (asked) => {
    const { by, key } = question.parse(asked);
    switch (by) {
      case 'portcullis':
        await revocations.withChange(
          { actor: { kind: 'system', id: 'bench' }, requestId: 'req_bench', address: null },
          async (change) => {
            await change.revoke({ kind: 'session', key }, 'logout');
            await change.audit({ action: 'bench', target: { kind: 'session', id: key } });
          },
        );
        break;
      case 'bus':
        await denyPlainly(key);
        connection.publish(`${prefix}.bench`, message);
        break;
      case 'redis':
        await denyPlainly(key);
        await redis
          .pipeline()
          .set(`${prefix}:denied:${key}`, 1, 'EX', LIFE_S)
          .publish(`${prefix}:denied`, key)
          .exec();
    }
    return committedAt;
  },
  async () => {
    await revocations[Symbol.asyncDispose]();
    await bus[Symbol.asyncDispose]();
    await protocol[Symbol.asyncDispose]();
    await main[Symbol.asyncDispose]();
    await connection.close();
    redis.disconnect();
  },
);

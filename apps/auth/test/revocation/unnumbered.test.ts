/** More revocations without a position than one answer carries, while another session holds the head. */
import { newId, type EventId, type SessionId } from '@portcullis/contracts';
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import postgres, { type Sql } from 'postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectPostgres } from '../../src/database/database.ts';
import { connectProtocol } from '../../src/database/protocol-connection.ts';
import { postgresRevocationLog } from '../../src/revocation/postgres-revocation-log.ts';
import { pruneRevocationLog } from '../../src/revocation/prune-revocation-log.ts';
import type { RevocationLog } from '../../src/revocation/log.ts';
import { startInstance, startVerifier } from './instance.ts';

const S = 5_000;
const ROWS = 5_000;
let bed: TestBed<'auth'>;
let sql: Sql;
let log: RevocationLog;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  sql = postgres(bed.databaseUrls.auth, { max: 3, onnotice: () => undefined });
  bed.use({ [Symbol.asyncDispose]: async () => await sql.end() });
  log = postgresRevocationLog(bed.use(connectProtocol(bed.databaseUrls.auth, 'test')).sql);
}, 120_000);
afterAll(async () => await bed.dispose());

async function insert(count: number): Promise<Map<EventId, SessionId>> {
  const rows = Array.from({ length: count }, () => ({ id: newId('evt'), key: newId('ses') }));
  await sql`insert into revocation_log
    (id, kind, key, reason, occurred_at, expires_at, actor_kind, actor_id, request_id)
    select id, 'session', key, 'logout', clock_timestamp() - interval '1 minute',
      clock_timestamp() + interval '1 hour', 'system', 'test', 'req_test'
    from jsonb_to_recordset(${sql.json(rows)}) as r (id text, key text)`;
  return new Map(rows.map(({ id, key }) => [id, key]));
}

it('come one page after the other, each of them once, also when some are numbered in between', async () => {
  const rows = await insert(3_700);
  const seen: EventId[] = [];
  let [position, resume]: [number, EventId | undefined] = [0, undefined];
  for (let round = 0; ; round += 1) {
    const page = await log.read({ after: position, anchor: position, resume });
    seen.push(...[...page.numbered, ...page.unnumbered].map(({ id }) => id));
    if (!page.cut) break;
    position = page.numbered.at(-1)?.position ?? position;
    ({ resume } = page);
    if (round === 1) await log.number();
  }
  expect(new Set(seen)).toEqual(new Set(rows.keys()));
});

it('that wait for the bus are all found, look after look', async () => {
  await sql`update revocation_log
    set published_at = null, occurred_at = clock_timestamp() - interval '1 minute'`;
  const seen = new Set<EventId>();
  let after: EventId | undefined;
  for (;;) {
    const leftovers = await log.unpublished(after);
    if (leftovers.length === 0) break;
    for (const { id } of leftovers) seen.add(id);
    after = leftovers.at(-1)?.id;
  }
  expect(seen.size).toBe(3_700);
});

it('are let go of in one go once they are over', async () => {
  await sql`delete from revocation_log`;
  await sql`insert into revocation_log
    (id, position, kind, key, reason, expires_at, actor_kind, actor_id, request_id)
    select 'evt_' || n, 1000000 + n, 'session', 'ses_' || n, 'logout',
      clock_timestamp() - interval '1 second', 'system', 'test', 'req_test'
    from generate_series(1, 25000) n`;
  const { database } = bed.use(connectPostgres(bed.databaseUrls.auth, 'test'));
  while (await database.transaction(pruneRevocationLog));
  expect(await sql`select 1 from revocation_log`).toHaveLength(0);
});

it('leaves verifiers fresh, and they refuse what those revoke', async () => {
  await startInstance(bed, { maxStalenessMs: S });
  await sql`delete from revocation_log`;
  const { replica, ledger } = await startVerifier(bed, 'user');
  await sql.begin(async (tx) => {
    await tx`select 1 from log_head for update`;
    const rows = await insert(ROWS);
    const until = performance.now() + 1.3 * S;
    while (performance.now() < until) {
      expect(replica.state).toBe('LIVE');
      await sleep(20);
    }
    expect(ledger.size).toBe(rows.size);
  });
}, 60_000);

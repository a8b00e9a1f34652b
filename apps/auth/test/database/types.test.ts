/** A connection asks for no types, and knows those that there are. */
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import { sql } from 'drizzle-orm';
import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectPostgres } from '../../src/database/database.ts';
import { connectProtocol } from '../../src/database/protocol-connection.ts';
import { clients } from '../../src/database/schema/index.ts';

let bed: TestBed<'auth'>;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
}, 60_000);

afterAll(async () => {
  await bed.dispose();
});

it('asks for nothing whose answer is not awaited', async () => {
  const target = new URL(bed.databaseUrls.auth);
  let sent = '';
  const listening = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    client.on('data', (chunk) => (sent += chunk.toString('latin1')));
    for (const end of [client, server]) end.on('error', () => end.destroy());
    client.pipe(server).pipe(client);
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const url = new URL(target);
  url.port = String((listening.address() as AddressInfo).port);
  for (const open of [connectPostgres, connectProtocol]) {
    await using connection = open(url.href, 'test', 1);
    await connection.sql`select 1`;
  }
  expect(sent).toContain('select 1');
  expect(sent).not.toContain('pg_type');
  await new Promise((resolve) => listening.close(resolve));
});

it.each([
  [[]],
  [['']],
  [['a']],
  [['NULL', 'null']],
  [['a b', 'a,b', '{}', '"', '\\', '\\"', "'", 'a\nb', 'é 🏰']],
  [Array.from({ length: 100 }, (_, i) => `urn:${i}`)],
])('writes and reads %j as it is', async (list) => {
  await using connection = connectPostgres(bed.databaseUrls.auth, 'test', 1);
  const { database } = connection;
  const id = 'cli_lists' as typeof clients.$inferSelect.id;
  await database
    .insert(clients)
    .values({ id, name: 'lists', scopes: list })
    .onConflictDoUpdate({ target: clients.id, set: { scopes: list } });
  const [row] = await database
    .select({ scopes: clients.scopes })
    .from(clients)
    .where(sql`id = ${id}`);
  expect(row?.scopes).toEqual(list);
  const [raw] = await connection.sql`select ${list}::text[] as list`;
  expect(raw?.['list']).toEqual(list);
});

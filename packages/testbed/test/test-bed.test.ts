import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { Redis } from 'ioredis';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestBed, testServers, type DatabaseRecipe } from '../src/index.ts';
import { natsOptions } from '../src/nats-cleanup.ts';

let folder: string;
let migrations = 0;
let recipe: DatabaseRecipe;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-recipe-'));
  await writeFile(join(folder, '0001.sql'), `-- ${Date.now()}\ncreate table thing (id int)`);
  recipe = {
    name: 'testkit_self',
    sources: [folder],
    migrate: async (databaseUrl) => {
      migrations += 1;
      const sql = postgres(databaseUrl, { max: 1 });
      await sql`create table thing (id int)`;
      await sql.end();
    },
  };
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function databases(): Promise<string[]> {
  const sql = postgres(testServers().postgresUrl, { max: 1 });
  try {
    const rows = await sql<{ datname: string }[]>`select datname from pg_database`;
    return rows.map((row) => row.datname);
  } finally {
    await sql.end();
  }
}

test('beds made at once share one migration and nothing else', async () => {
  const beds = await Promise.all(
    [1, 2, 3, 4].map(() => createTestBed({ databases: { main: recipe } })),
  );
  try {
    expect(migrations).toBe(1);
    expect(new Set(beds.map((bed) => bed.databaseUrls.main)).size).toBe(4);
    expect(new Set(beds.map((bed) => bed.prefix)).size).toBe(4);
    for (const [n, bed] of beds.entries()) {
      const sql = postgres(bed.databaseUrls.main, { max: 1 });
      await sql`insert into thing values (${n})`;
      expect(await sql`select id from thing`).toEqual([{ id: n }]);
      await sql.end();
    }
  } finally {
    await Promise.all(beds.map((bed) => bed.dispose()));
  }
  const names = new Set(beds.map((bed) => new URL(bed.databaseUrls.main).pathname.slice(1)));
  expect((await databases()).filter((name) => names.has(name))).toEqual([]);
});

test('other migrations make another template, and the old one goes', async () => {
  const before = (await databases()).filter((name) => name.includes('template_testkit_self'));
  expect(before).toHaveLength(1);
  await writeFile(join(folder, '0002.sql'), '-- more');
  const bed = await createTestBed({ databases: { main: recipe } });
  await bed.dispose();
  expect(migrations).toBe(2);
  const after = (await databases()).filter((name) => name.includes('template_testkit_self'));
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
});

test('a migration that fails leaves no template that looks ready', async () => {
  await writeFile(join(folder, '0003.sql'), '-- more still');
  const failing = { ...recipe, migrate: () => Promise.reject(new Error('no such column')) };
  await expect(createTestBed({ databases: { main: failing } })).rejects.toThrow('no such column');
  const bed = await createTestBed({ databases: { main: recipe } });
  await bed.dispose();
});

test('streams and keys under the prefix are removed, and others are not', async () => {
  const bed = await createTestBed();
  const nats = await connect(natsOptions(bed.natsUrl));
  const manager = await jetstreamManager(nats);
  await manager.streams.add({
    name: `${bed.prefix.toUpperCase()}_X`,
    subjects: [`${bed.prefix}.x`],
  });
  await nats.close();
  const redis = new Redis(bed.redisUrl);
  await redis.mset({ [`${bed.prefix}:a`]: '1', [`other${bed.prefix}`]: '2' });
  await redis.quit();
  await bed.dispose();

  const servers = testServers();
  const direct = new Redis(servers.redisUrl);
  expect(await direct.mget(`${bed.prefix}:a`, `other${bed.prefix}`)).toEqual([null, '2']);
  await direct.del(`other${bed.prefix}`);
  await direct.quit();
  const directNats = await connect(natsOptions(servers.natsUrl));
  const names: string[] = [];
  for await (const name of (await jetstreamManager(directNats)).streams.names()) names.push(name);
  expect(names.filter((name) => name.startsWith(bed.prefix.toUpperCase()))).toEqual([]);
  await directNats.close();
});

test('a connection that is left open fails the file, and is named', async () => {
  const bed = await createTestBed({ databases: { main: recipe } });
  const sql = postgres(bed.databaseUrls.main, {
    max: 1,
    connection: { application_name: 'forgotten' },
  });
  await sql`select 1`;
  const nats = await connect({ ...natsOptions(bed.natsUrl), reconnect: false });
  const redis = new Redis(bed.redisUrl, { retryStrategy: () => null });
  redis.on('error', () => {});
  await redis.ping();
  const failure: unknown = await bed.dispose().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AggregateError);
  expect(String(failure)).toMatch(/1 connection\(s\) to NATS/);
  expect(String(failure)).toMatch(/1 connection\(s\) to Redis/);
  expect(String(failure)).toMatch(/PostgreSQL were left open: forgotten pid/);
  await nats.close();
  redis.disconnect();
  await sql.end({ timeout: 1 }).catch(() => {});
});

test('a test bed disposes first of what it was given to use, the last one first', async () => {
  const bed = await createTestBed();
  const order: string[] = [];
  for (const name of ['first', 'second']) {
    bed.use({
      [Symbol.asyncDispose]: async () => {
        order.push(name);
      },
    });
  }
  await bed.dispose();
  await bed.dispose();
  expect(order).toEqual(['second', 'first']);
});

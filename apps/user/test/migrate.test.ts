import { readdir } from 'node:fs/promises';
import { createTestBed } from '@portcullis/testbed';
import postgres from 'postgres';
import { expect, it } from 'vitest';
import { migrateDatabase } from '../src/postgres/migrate.ts';

it('migrates once, however many do it at the same time', async () => {
  const empty = { name: 'empty', sources: [], migrate: async () => undefined };
  await using bed = await createTestBed({ databases: { empty } });
  const url = bed.databaseUrls.empty;
  await Promise.all([1, 2, 3, 4].map(() => migrateDatabase(url)));
  await migrateDatabase(url);
  const sql = postgres(url, { max: 1 });
  const folder = new URL('../migrations/', import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql'));
  expect(await sql`select count(*)::int as n from drizzle.__drizzle_migrations`).toEqual([
    { n: files.length },
  ]);
  expect(await sql`select * from profiles`).toEqual([]);
  await sql.end();
});

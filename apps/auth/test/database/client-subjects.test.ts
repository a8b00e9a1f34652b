/** 0011_client_subjects: under a database of 0.2.0, and over a backup of it that was put over a later database. */
import { migrateDatabase, requireSchema } from '@portcullis/service/postgres';
import { createTestBed, type TestBed } from '@portcullis/testbed';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MIGRATIONS } from '../../src/database/migrations.ts';

/** Those of 0.2.0. */
const BEFORE = 11;
let bed: TestBed<'empty'>;
let sql: Sql;
let folder: string;

async function migrateWith(path: string): Promise<void> {
  const options = { folder: path, applicationName: 'test-migrate', turn: 1n };
  await migrateDatabase(bed.databaseUrls.empty, options);
}

beforeAll(async () => {
  const empty = { name: 'empty', sources: [], migrate: async () => undefined };
  bed = await createTestBed({ databases: { empty } });
  sql = postgres(bed.databaseUrls.empty, { max: 1, onnotice: () => undefined });
  folder = await mkdtemp(join(tmpdir(), 'portcullis-migrations-'));
  await cp(MIGRATIONS, folder, { recursive: true });
  const journal = join(folder, 'meta', '_journal.json');
  const all = JSON.parse(await readFile(journal, 'utf8')) as { entries: { tag: string }[] };
  expect(all.entries[BEFORE]?.tag).toBe('0011_client_subjects');
  await writeFile(journal, JSON.stringify({ ...all, entries: all.entries.slice(0, BEFORE) }));
  await migrateWith(folder);
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true });
  await sql.end();
  await bed.dispose();
});

/** What 0.2.0 writes, which names none of the new columns. */
async function writeAsBefore(name: string): Promise<void> {
  await sql`insert into users (id) values (${`usr_${name}`})`;
  await sql`insert into verifiers (incarnation, service, policy, max_staleness_ms, position)
    values (${`inc_${name}`}, 'user', 'reject', 5000, 0)`;
}

it('leaves what is there, and takes what 0.2.0 writes, which is served', async () => {
  await writeAsBefore('first');
  await migrateWith(MIGRATIONS);
  await writeAsBefore('second');
  const users = await sql`select client_revocations from users`;
  expect(users.map((row) => row['client_revocations'])).toEqual([0, 0]);
  const verifiers = await sql`select kinds from verifiers`;
  expect(verifiers.map(({ kinds }) => kinds)).toEqual([null, null]);
  const command = 'npm run auth -- migrate';
  await expect(requireSchema({ sql, folder, command })).resolves.toBeUndefined();
});

it('applies to a backup of 0.2.0 that was put over a database of now', async () => {
  await sql`insert into client_subjects values ('cli_shop', 'usr_first', 7)`;
  // As `pg_restore --clean` does: it makes anew what the dump names, and what it does not name stays.
  await sql`alter table users drop column client_revocations`;
  await sql`alter table verifiers drop column kinds`;
  await sql`delete from drizzle.__drizzle_migrations where id > ${BEFORE}`;
  await migrateWith(MIGRATIONS);
  // After that backup no generation of a pair is known, and none is carried over from what was lost.
  expect(await sql`select 1 from client_subjects`).toHaveLength(0);
  await sql`insert into client_subjects values ('cli_shop', 'usr_first', 1)`;
  await expect(
    sql`insert into client_subjects values ('cli_shop', 'usr_first', 1)`,
  ).rejects.toThrow('duplicate key');
  await writeAsBefore('third');
});

/** The runner of migrations, on databases of its own; and what each migration of this service must be. */
import { migrateDatabase, readMigrations, requireSchema } from '@portcullis/service/postgres';
import { createTestBed, nodeWords, run, type TestBed } from '@portcullis/testbed';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { MIGRATIONS, schemaOf } from '../../src/database/migrations.ts';

let bed: TestBed<'empty'>;
let sql: Sql;
let folder: string;

beforeAll(async () => {
  const empty = { name: 'empty', sources: [], migrate: async () => undefined };
  bed = await createTestBed({ databases: { empty } });
  sql = postgres(bed.databaseUrls.empty, { max: 4, onnotice: () => undefined });
  folder = await mkdtemp(join(tmpdir(), 'portcullis-migrations-'));
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true });
  await sql.end();
  await bed.dispose();
});

const TABLE = 'create table people (id int primary key, name text);';
const COLUMN = 'alter table people add column age int;';
const INDEX = 'create index concurrently "people_name" on "people" ("name");';

beforeEach(async () => {
  await sql`drop schema if exists drizzle cascade`;
  await sql`drop table if exists people`;
});

async function write(...files: readonly string[]): Promise<void> {
  const entries = files.map((_, idx) => ({ idx, when: 1_000 + idx, tag: `000${idx}_test` }));
  await mkdir(join(folder, 'meta'), { recursive: true });
  await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify({ entries }));
  for (const [idx, file] of files.entries()) {
    await writeFile(join(folder, `000${idx}_test.sql`), file);
  }
}

async function migrate(patienceMs = 10_000): Promise<string[]> {
  const begun: string[] = [];
  await migrateDatabase(bed.databaseUrls.empty, {
    folder,
    applicationName: 'test-migrate',
    turn: 1n,
    patienceMs,
    begun: (tag) => begun.push(tag),
  });
  return begun;
}

async function validIndexes(): Promise<unknown[]> {
  const rows = await sql`
    select relname as name, indisvalid as valid from pg_index join pg_class on oid = indexrelid
    where indrelid = 'people'::regclass and not indisprimary`;
  return rows.map(({ name, valid }) => [name, valid]);
}

it('applies each once, in order, and lists it as drizzle does', async () => {
  await write(TABLE, COLUMN, INDEX);
  expect(await migrate()).toEqual(['0000_test', '0001_test', '0002_test']);
  expect(await migrate()).toEqual([]);
  const rows = await sql`
    select hash, created_at::int as moment from drizzle.__drizzle_migrations order by id`;
  expect(rows).toEqual(
    [TABLE, COLUMN, INDEX].map((text, n) => ({
      hash: createHash('sha256').update(text).digest('hex'),
      moment: 1_000 + n,
    })),
  );
  expect(await validIndexes()).toEqual([['people_name', true]]);
});

it('takes turns, with an index that waits for what is older', async () => {
  await write(TABLE, COLUMN, INDEX);
  const all = await Promise.all([migrate(), migrate(), migrate()]);
  expect(all.flat().toSorted()).toEqual(['0000_test', '0001_test', '0002_test']);
});

it('keeps what was applied before one that fails, and nothing of that one', async () => {
  await write(TABLE, `${COLUMN}\n--> statement-breakpoint\nselect no_such_function();`);
  await expect(migrate()).rejects.toThrow('no_such_function');
  expect(await sql`select created_at::int as moment from drizzle.__drizzle_migrations`).toEqual([
    { moment: 1_000 },
  ]);
  await expect(sql`select age from people`).rejects.toThrow('age');
});

it('gives way to a request that has what it wants, and says who that is', async () => {
  await write(TABLE);
  await migrate();
  await write(TABLE, COLUMN);
  const failure = await sql.begin(async (tx) => {
    await tx`set local application_name = 'the holder'`;
    await tx`lock table people in access share mode`;
    return await migrate(1_000).then(
      () => undefined,
      (error: unknown) => String(error),
    );
  });
  expect(failure).toMatch(
    /^MigrationFailed: 0001_test was given up, and nothing of it was changed/,
  );
  expect(failure).toMatch(/held by pid \d+ \(the holder, role \w+, idle in transaction, its/);
  expect(failure).toContain('Run it again');
  expect(await migrate()).toEqual(['0001_test']);
});

it('keeps those that come after it waiting for less than a second', async () => {
  await write(TABLE);
  await migrate();
  await write(TABLE, COLUMN);
  await sql.begin(async (holder) => {
    await holder`lock table people in access share mode`;
    const migrating = migrate(2_000).catch(() => undefined);
    const deadline = performance.now() + 2_000;
    const waits: number[] = [];
    while (performance.now() < deadline) {
      const asked = performance.now();
      await sql`select from people`;
      waits.push(performance.now() - asked);
    }
    await migrating;
    expect(Math.max(...waits)).toBeGreaterThan(100);
    expect(Math.max(...waits)).toBeLessThan(1_000);
  });
});

it('is cancelled when it keeps others waiting by what it does itself', async () => {
  await write(TABLE);
  await migrate();
  await write(TABLE, `${COLUMN}\n--> statement-breakpoint\nselect pg_sleep(3);`);
  const failing = migrate(1_000).catch((error: unknown) => String(error));
  const waits: number[] = [];
  const deadline = performance.now() + 2_000;
  while (performance.now() < deadline) {
    const asked = performance.now();
    await sql`select from people`;
    waits.push(performance.now() - asked);
  }
  expect(await failing).toContain('0001_test was given up');
  expect(Math.max(...waits)).toBeGreaterThan(300);
  expect(Math.max(...waits)).toBeLessThan(1_500);
});

it('takes as long as the work does, whatever limit the database has for requests', async () => {
  const [row] = await sql`select current_database() as name`;
  const database = `alter database ${row?.['name']}`;
  await write(TABLE, `${COLUMN}\n--> statement-breakpoint\nselect pg_sleep(0.8);`);
  await sql.unsafe(`${database} set statement_timeout = '400ms'`);
  try {
    expect(await migrate(3_000)).toEqual(['0000_test', '0001_test']);
  } finally {
    await sql.unsafe(`${database} reset statement_timeout`);
  }
});

it('drops an index that a run before left half made, and makes it', async () => {
  await write(TABLE);
  await migrate();
  await write(TABLE, INDEX);
  const failure = await sql.begin(async (tx) => {
    await tx`set local application_name = 'the holder'`;
    await tx`insert into people values (1, 'Ada')`;
    return await migrate(400).then(
      () => undefined,
      (error: unknown) => String(error),
    );
  });
  expect(failure).toMatch(
    /^MigrationFailed: 0001_test was given up: held by pid \d+ \(the holder,/,
  );
  expect(await validIndexes()).toEqual([['people_name', false]]);
  expect(await migrate()).toEqual(['0001_test']);
  expect(await validIndexes()).toEqual([['people_name', true]]);
});

it('takes an index for made that is there and valid', async () => {
  await write(TABLE);
  await migrate();
  await sql`create index people_name on people (name)`;
  await write(TABLE, INDEX);
  expect(await migrate()).toEqual(['0001_test']);
});

it('does not take a file that is half a transaction', async () => {
  await write(`${TABLE}\n--> statement-breakpoint\n${INDEX}`);
  await expect(migrate()).rejects.toThrow('give it a file of its own');
});

it('says what a database lacks, and which release it needs', async () => {
  const program = { sql, folder, command: 'npm run it' };
  await write(TABLE, COLUMN);
  await expect(requireSchema(program)).rejects.toThrow('no schema yet: run npm run it');
  await migrate();
  await requireSchema(program);
  await write(TABLE, COLUMN, INDEX);
  await expect(requireSchema(program)).rejects.toThrow('lacks 0002_test: run npm run it');
  await migrate();
  // The release before goes on serving …
  await write(TABLE, COLUMN);
  await requireSchema(program);
  // … unless a migration says that it cannot.
  await sql`comment on table drizzle.__drizzle_migrations is 'needs 0002_test'`;
  await expect(requireSchema(program)).rejects.toThrow('needs a release that has 0002_test');
  await write(TABLE, COLUMN, INDEX);
  await requireSchema(program);
});

it('lets no command work on a database that was not migrated', async () => {
  const command = run({
    name: 'change-epoch',
    command: process.execPath,
    args: nodeWords('apps/auth/src/commands/change-epoch.ts'),
    env: { NODE_ENV: 'test', DATABASE_URL: bed.databaseUrls.empty },
  });
  await expect(command).rejects.toThrow(
    'DATABASE_URL: no schema yet: run node apps/auth/dist/commands/migrate.js',
  );
  expect(schemaOf(sql).folder).toBe(MIGRATIONS);
});

it.each([MIGRATIONS, MIGRATIONS.replace('/auth/', '/user/')])(
  'of %s each makes its indexes concurrently, unless on a table that it makes itself',
  async (each) => {
    for (const { tag, statements, indexes } of await readMigrations(each)) {
      if (indexes !== undefined) continue;
      const made = statements.flatMap((text) => /create table "(\w+)"/i.exec(text)?.[1] ?? []);
      for (const text of statements) {
        const table = /create (?:unique )?index .* on "(\w+)"/i.exec(text)?.[1];
        if (table !== undefined)
          expect([tag, made]).toEqual([tag, expect.arrayContaining([table])]);
      }
    }
  },
);

/**
 * Databases for tests: migrated once, then copied.
 *
 * A template is named after a hash of its migrations. The first process that needs it makes it, under
 * an exclusive advisory lock; copies are made under the shared form of the same lock, so that no
 * process drops a template while it is being copied.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';

/** How a database comes to be. */
export interface DatabaseRecipe {
  /** Names the template: lower-case letters, digits, `_`. */
  name: string;
  /** Folders and files whose content decides when the template has to be made anew. */
  sources: readonly string[];
  /** Brings an empty database to its present schema, and leaves no connection behind. */
  migrate(databaseUrl: string): Promise<void>;
}

/** How long a connection may take to disappear from the server after it was closed, in milliseconds. */
const SETTLE_MS = 2_000;
/** Databases of runs that were killed go when they are this old, in hours. */
const ABANDONED_AFTER_HOURS = 2;

const READY = 'portcullis testkit: ready';

export class TestDatabase {
  readonly name: string;
  readonly url: string;
  readonly #serverUrl: string;

  constructor(serverUrl: string, name: string) {
    this.name = name;
    this.url = urlOf(serverUrl, name);
    this.#serverUrl = serverUrl;
  }

  /**
   * Drops it.
   *
   * @returns what was still connected; such connections are ended
   */
  async drop(): Promise<string[]> {
    await using server = await connect(this.#serverUrl);
    const deadline = performance.now() + SETTLE_MS;
    let left: string[];
    do {
      const rows = await server.sql<{ who: string }[]>`
        select format('%s pid %s, %s, last: %s', coalesce(nullif(application_name, ''), 'unnamed'),
          pid, state, left(query, 100)) as who
        from pg_stat_activity where datname = ${this.name} and backend_type = 'client backend'`;
      left = rows.map((row) => row.who);
      if (left.length > 0) await sleep(50);
    } while (left.length > 0 && performance.now() < deadline);
    await server.sql.unsafe(`drop database if exists ${this.name} with (force)`);
    return left;
  }
}

/** @throws Error from the recipe's `migrate`, or from the server */
export async function createTestDatabase(
  serverUrl: string,
  recipe: DatabaseRecipe,
): Promise<TestDatabase> {
  if (!/^[a-z][a-z0-9_]{0,20}$/.test(recipe.name)) throw new TypeError('not a name for a database');
  const template = `pc_template_${recipe.name}_${await hashOf(recipe.sources)}`;
  const name = `pc_test_${Date.now()}_${recipe.name}_${randomBytes(4).toString('hex')}`;
  const lock = `portcullis-testbed ${recipe.name}`;
  await using server = await connect(serverUrl);
  const { sql } = server;
  for (;;) {
    await sql`select pg_advisory_lock_shared(hashtextextended(${lock}, 0))`;
    const ready = await isReady(sql, template);
    if (ready) await sql.unsafe(`create database ${name} template ${template}`);
    await sql`select pg_advisory_unlock_shared(hashtextextended(${lock}, 0))`;
    if (ready) return new TestDatabase(serverUrl, name);

    await sql`select pg_advisory_lock(hashtextextended(${lock}, 0))`;
    if (!(await isReady(sql, template))) await makeTemplate(sql, serverUrl, template, recipe);
    await sql`select pg_advisory_unlock(hashtextextended(${lock}, 0))`;
  }
}

async function makeTemplate(
  sql: Sql,
  serverUrl: string,
  template: string,
  recipe: DatabaseRecipe,
): Promise<void> {
  await dropOutdated(sql, recipe.name);
  await sql.unsafe(`create database ${template}`);
  await recipe.migrate(urlOf(serverUrl, template));
  // PostgreSQL copies only a database without connections; this keeps new ones out.
  await sql.unsafe(`alter database ${template} with allow_connections false`);
  await sql.unsafe(`comment on database ${template} is '${READY}'`);
}

async function isReady(sql: Sql, template: string): Promise<boolean> {
  const found = await sql`
    select 1 from pg_database
    where datname = ${template} and shobj_description(oid, 'pg_database') = ${READY}`;
  return found.length > 0;
}

async function dropOutdated(sql: Sql, name: string): Promise<void> {
  const oldest = Date.now() - ABANDONED_AFTER_HOURS * 3_600_000;
  const rows = await sql<{ datname: string }[]>`
    select datname from pg_database
    where datname like ${`pc\\_template\\_${name}\\_%`}
       or (datname ~ '^pc_test_[0-9]{13}_' and split_part(datname, '_', 3)::bigint < ${oldest})`;
  for (const { datname } of rows) {
    // A name that another recipe's name begins with must not take that one's template along.
    const template = /^pc_template_(.+)_[0-9a-f]{16}$/.exec(datname);
    if (template !== null && template[1] !== name) continue;
    await sql.unsafe(`drop database if exists ${datname} with (force)`);
  }
}

/** Session locks and `create database` need one connection and no transaction. */
async function connect(serverUrl: string): Promise<{ sql: Sql } & AsyncDisposable> {
  const { default: postgres } = await import('postgres');
  const sql = postgres(serverUrl, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: 'portcullis-testbed' },
  });
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) };
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

async function hashOf(sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await filesUnder(source)) {
      hash
        .update(file)
        .update('\0')
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesUnder(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

/** Each row of the table of SQLSTATEs, made by a real server where one can be brought to say it. */
import { dropsConnection, reasonOfFault, refusalOf, SERVER_STATES } from '@portcullis/api';
import { appDatabase, createTestBed, testServers, type TestBed } from '@portcullis/testbed';
import { sql as text } from 'drizzle-orm';
import { randomBytes } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectPostgres, type PostgresConnection } from '../../src/database/database.ts';

let bed: TestBed<'auth'>;
/** Of a superuser, who changes things; and the role that is hindered. */
let sql: Sql;
let name: string;
const role = `pc_states_${randomBytes(6).toString('hex')}`;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  sql = postgres(bed.databaseUrls.auth, { max: 3, onnotice: () => undefined });
  name = new URL(bed.databaseUrls.auth).pathname.slice(1);
  await sql.unsafe(`
    create table changing (id int primary key, value int);
    insert into changing values (1, 1), (2, 1);
    create role ${role} login password 'right' connection limit 2;
    grant all on schema public to ${role};
    grant all on changing to ${role}`);
}, 60_000);

afterAll(async () => {
  await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  await sql.end();
  await bed.dispose();
});

function urlOf(changes: { user?: string; password?: string; database?: string } = {}): string {
  const url = new URL(bed.databaseUrls.auth);
  url.username = changes.user ?? role;
  url.password = changes.password ?? 'right';
  url.pathname = changes.database ?? name;
  return url.href;
}

function connect(url = urlOf()): PostgresConnection {
  return connectPostgres(url, 'states', 1);
}

async function failureOf(work: () => PromiseLike<unknown>): Promise<unknown> {
  return await work().then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** The SQLSTATE, or the driver's own code. */
function codeOf(error: unknown): unknown {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current) return current.code;
  }
  return undefined;
}

async function pidOf({ sql: client }: PostgresConnection): Promise<number> {
  const [row] = await client`select pg_backend_pid() as pid`;
  return Number(row?.['pid']);
}

/** The next statement gets another connection. */
async function expectReplaced(connection: PostgresConnection, former: number): Promise<void> {
  expect(await pidOf(connection)).not.toBe(former);
}

function expectUnavailable(error: unknown, code: string): void {
  expect(codeOf(error)).toBe(code);
  expect(refusalOf(error)).toMatchObject({ code: 'unavailable', status: 503, retryAfter: 1 });
  expect(reasonOfFault(error)).toBeTypeOf('string');
}

const write = (connection: PostgresConnection) => () =>
  connection.database.transaction(
    async (tx) => await tx.execute(text`update changing set value = value + 1 where id = 1`),
  );

it('25006, read-only: the connection is dropped, and its transaction still ends', async () => {
  await using connection = connect();
  const former = await pidOf(connection);
  await connection.sql`set default_transaction_read_only = on`;
  expectUnavailable(await failureOf(write(connection)), '25006');
  // A setting of the connection, and so of that one only.
  await expectReplaced(connection, former);
  expect(await failureOf(write(connection))).toBeUndefined();
});

it('0A000, a plan of another schema: the connection is dropped', async () => {
  await using connection = connect();
  const read = async () =>
    await connection.database.transaction(
      async (tx) => await tx.execute(text`select value from changing where id = ${1}`),
    );
  await read();
  const former = await pidOf(connection);
  await sql`alter table changing alter column value type bigint`;
  expectUnavailable(await failureOf(read), '0A000');
  await expectReplaced(connection, former);
  expect(await read()).toHaveLength(1);
});

it('0A000 of a statement that there is not, is a defect, and the connection stays', async () => {
  await using connection = connect();
  const former = await pidOf(connection);
  const error = await failureOf(() => connection.sql.unsafe(`select * from other.public.changing`));
  expect(codeOf(error)).toBe('0A000');
  expect(refusalOf(error).code).toBe('internal');
  expect(await pidOf(connection)).toBe(former);
});

it('26000, statements are lost: the connection is dropped', async () => {
  await using connection = connect();
  const read = (client: Sql) => client`select value from changing where id = ${1}`;
  await read(connection.sql);
  const former = await pidOf(connection);
  await connection.sql`deallocate all`;
  const error = await failureOf(() =>
    connection.sql.begin(async (tx) => await tx`select value from changing where id = ${1}`),
  );
  expectUnavailable(error, '26000');
  await expectReplaced(connection, former);
});

it('28P01, 28000, another password or no such role', async () => {
  await using wrong = connect(urlOf({ password: 'wrong' }));
  expectUnavailable(await failureOf(write(wrong)), '28P01');
  await sql.unsafe(`alter role ${role} nologin`);
  await using locked = connect();
  expectUnavailable(await failureOf(write(locked)), '28000');
  await sql.unsafe(`alter role ${role} login`);
  expect(await failureOf(write(locked))).toBeUndefined();
});

it('3D000, no such database', async () => {
  await using connection = connect(urlOf({ database: 'pc_none' }));
  expectUnavailable(await failureOf(write(connection)), '3D000');
});

it('42501 and 55000, a database or a table that is shut', async () => {
  await sql.unsafe(`revoke connect on database ${name} from public`);
  await using connection = connect();
  expectUnavailable(await failureOf(write(connection)), '42501');
  await sql.unsafe(`grant connect on database ${name} to public`);
  await sql.unsafe(`revoke all on changing from ${role}`);
  expectUnavailable(await failureOf(write(connection)), '42501');
  await sql.unsafe(`grant all on changing to ${role}`);
  expect(await failureOf(write(connection))).toBeUndefined();
  await using other = connect();
  const server = postgres(testServers().postgresUrl, { max: 1 });
  await server.unsafe(`alter database ${name} allow_connections false`);
  const error = await failureOf(write(other));
  await server.unsafe(`alter database ${name} allow_connections true`);
  await server.end();
  expectUnavailable(error, '55000');
});

it('42P01, 42703 and 3F000, another schema', async () => {
  await using connection = connect();
  const table = await failureOf(() => connection.sql`select from no_such_table`);
  expectUnavailable(table, '42P01');
  const column = await failureOf(() => connection.sql`select other from changing`);
  expectUnavailable(column, '42703');
  const schema = await failureOf(() => connection.sql`select none.value(1)`);
  expectUnavailable(schema, '3F000');
});

it('53300, too many connections', async () => {
  await using first = connect();
  await using second = connect();
  await using third = connect();
  await pidOf(first);
  await pidOf(second);
  expectUnavailable(await failureOf(write(third)), '53300');
});

it('40001 and 40P01, of two transactions one has to go: the connection stays', async () => {
  await using connection = connect();
  const former = await pidOf(connection);
  const serial = await failureOf(() =>
    connection.database.transaction(
      async (tx) => {
        await tx.execute(text`select * from changing`);
        await sql`update changing set value = value + 1 where id = 1`;
        await tx.execute(text`update changing set value = value + 1 where id = 1`);
      },
      { isolationLevel: 'repeatable read' },
    ),
  );
  expectUnavailable(serial, '40001');

  await using other = connect();
  let holding = 0;
  let bothHold = (): void => {};
  const held = new Promise<void>((resolve) => (bothHold = resolve));
  const inOrder = async ({ database }: PostgresConnection, [first, second]: [number, number]) =>
    await database.transaction(async (tx) => {
      await tx.execute(text`update changing set value = value + 1 where id = ${first}`);
      holding += 1;
      if (holding === 2) bothHold();
      await held;
      await tx.execute(text`update changing set value = value + 1 where id = ${second}`);
    });
  const both = await Promise.allSettled([inOrder(connection, [1, 2]), inOrder(other, [2, 1])]);
  const victims = both.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  expect(victims).toHaveLength(1);
  expectUnavailable(victims[0], '40P01');
  expect(await pidOf(connection)).toBe(former);
});

it('55P03 and 57014, a lock or a statement takes too long: the connection stays', async () => {
  await using connection = connect();
  const former = await pidOf(connection);
  await sql.begin(async (holder) => {
    await holder`select from changing where id = 1 for update`;
    await connection.sql`set lock_timeout = 50`;
    expectUnavailable(await failureOf(write(connection)), '55P03');
  });
  await connection.sql`set statement_timeout = 50`;
  expectUnavailable(await failureOf(() => connection.sql`select pg_sleep(1)`), '57014');
  expect(await pidOf(connection)).toBe(former);
});

it('57P01 and 25P03, ended by an administrator or for standing idle: the next is another', async () => {
  await using connection = connect();
  const former = await pidOf(connection);
  // The driver answers for a statement whose connection ends under it.
  const error = failureOf(() => connection.sql`select pg_sleep(5)`);
  await expect
    .poll(async () => {
      const [row] = await sql`select pg_terminate_backend(pid) as ended from pg_stat_activity
        where pid = ${former} and query like '%pg_sleep%'`;
      return row?.['ended'];
    })
    .toBe(true);
  expectUnavailable(await error, 'CONNECTION_CLOSED');
  const second = await pidOf(connection);
  expect(second).not.toBe(former);
  await connection.sql`set idle_in_transaction_session_timeout = 50`;
  const idle = await failureOf(() =>
    connection.sql.begin(async (tx) => {
      await tx`select 1`;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await tx`select 1`;
    }),
  );
  expectUnavailable(idle, 'CONNECTION_CLOSED');
  await expectReplaced(connection, second);
});

it('what ends the connection is never about the statement, whatever its state', async () => {
  await using connection = connect(urlOf());
  const url = new URL(urlOf());
  url.searchParams.set('no_such_setting', '1');
  await using refused = connect(url.href);
  const error = await failureOf(write(refused));
  expectUnavailable(error, '42704');
  expect(dropsConnection(error)).toBe(true);
  const defect = await failureOf(() => connection.sql`select no_such_function()`);
  expect(codeOf(defect)).toBe('42883');
  expect(refusalOf(defect).code).toBe('internal');
});

/** What no server here can be brought to say: a full disk, a broken machine, a broken file. */
const NOT_MADE = ['08', '25P04', '57', '58', 'F0', 'XX'];

it.each(SERVER_STATES.filter(({ state }) => NOT_MADE.includes(state)))(
  '$state by its name: $means',
  ({ state, connection }) => {
    const error = Object.assign(new Error('as said by a server'), { code: state.padEnd(5, '0') });
    expect(refusalOf(error).status).toBe(503);
    expect(dropsConnection(error)).toBe(connection !== 'kept');
  },
);

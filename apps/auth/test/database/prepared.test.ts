/** What drizzle sends is parsed once for each connection, in a transaction as outside. */
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import { newId } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectPostgres, type PostgresConnection } from '../../src/database/database.ts';
import { users } from '../../src/database/schema/index.ts';

let bed: TestBed<'auth'>;
let postgres: PostgresConnection;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  // One connection: statements have their names in it and nowhere else.
  postgres = bed.use(connectPostgres(bed.databaseUrls.auth, 'test', 1));
}, 120_000);

afterAll(async () => {
  await bed.dispose();
});

/** How often statements on that table were run by their name. */
async function runs(table: string): Promise<number[]> {
  const rows = await postgres.sql`
    select (generic_plans + custom_plans)::int as runs from pg_prepared_statements
    where statement like ${`%"${table}"%`} and from_sql = false`;
  return rows.map((row) => row['runs']);
}

it('is one name for one text, in a transaction, a savepoint and outside', async () => {
  const { database } = postgres;
  const find = async (tx: Pick<typeof database, 'select'>) =>
    await tx
      .select({ id: users.id })
      .from(users)
      .where(eq(users.id, newId('usr')));
  await find(database);
  await database.transaction(async (tx) => {
    await find(tx);
    await tx.transaction(async (inner) => {
      await find(inner);
    });
    await find(tx);
  });
  expect(await runs('users')).toEqual([4]);
});

it('is answered in the order in which it was begun', async () => {
  const order = await postgres.database.transaction(
    async (tx) =>
      await Promise.all(
        [1, 2, 3].map(async (n) => {
          const [row] = await tx.execute(sql`
            select ${n}::int as n, clock_timestamp()::text as at, pg_sleep(0.01)`);
          return [row?.['n'], row?.['at']];
        }),
      ),
  );
  expect(order.map(([n]) => n)).toEqual([1, 2, 3]);
  const moments = order.map(([, at]) => String(at));
  expect(moments).toEqual(moments.toSorted((a, b) => (a < b ? -1 : 1)));
});

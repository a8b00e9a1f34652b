/**
 * Statements that PostgreSQL parses once for each connection.
 *
 * Drizzle hands its statements over without a name: each is sent, parsed and planned anew, in two
 * round trips, the first of which asks for the types of its parameters. By name it is one, and the
 * plan is kept. A text has to be the same each time for that: values are parameters, and where their
 * number varies they are one array.
 */
import type { Sql, TransactionSql } from 'postgres';

/** What a client does with a statement, and within a transaction. */
type Handing = Pick<Sql, 'unsafe'>;

/** @returns the same client, whose statements keep their names in transactions and savepoints too */
export function prepared(sql: Sql): Sql {
  const begin = sql.begin.bind(sql);
  name(sql);
  return Object.assign(sql, {
    begin: async <T>(work: (tx: TransactionSql) => Promise<T>) =>
      await begin(async (tx) => await work(preparedWithin(tx))),
  });
}

function preparedWithin(tx: TransactionSql): TransactionSql {
  const savepoint = tx.savepoint.bind(tx);
  name(tx);
  return Object.assign(tx, {
    savepoint: async <T>(work: (inner: TransactionSql) => Promise<T>) =>
      await savepoint(async (inner) => await work(preparedWithin(inner))),
  });
}

function name(client: Handing): void {
  const { unsafe } = client;
  client.unsafe = (text, parameters, options) =>
    unsafe(text, parameters, { ...options, prepare: true });
}

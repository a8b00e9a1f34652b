/** The connection to Postgres. Every transaction and every wait on a lock has an end. */
import { dropsConnection } from '@portcullis/api';
import { postgresTls } from '@portcullis/service/postgres';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { prepared } from './prepared.ts';
import * as schema from './schema/index.ts';
import { KNOWN_TYPES } from './types.ts';

export type Database = PostgresJsDatabase<typeof schema>;
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];
/** For statements that are right in either. */
export type Queryable = Database | Transaction;

const MAX_CONNECTIONS = 20;
const CONNECT_TIMEOUT_S = 3;
/** Between two attempts to connect. The library's own grows to 20 s, in which no request is served. */
const MAX_BACKOFF_S = 0.5;

export interface PostgresConnection extends AsyncDisposable {
  readonly sql: Sql;
  readonly database: Database;
}

/** @param url a postgres:// address with the credentials of this service, and with what TLS takes */
export function connectPostgres(
  url: string,
  applicationName: string,
  maxConnections: number = MAX_CONNECTIONS,
): PostgresConnection {
  const { address, options } = postgresTls(url);
  const sql = postgres(address, {
    ...options,
    ...KNOWN_TYPES,
    max: maxConnections,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: (attempt) => Math.min(0.02 * 2 ** attempt, MAX_BACKOFF_S),
    idle_timeout: 60,
    onnotice: () => undefined,
    retires: dropsConnection,
    connection: {
      application_name: applicationName,
      statement_timeout: 10_000,
      lock_timeout: 2_000,
      idle_in_transaction_session_timeout: 5_000,
      // Tables that were never analysed look large: compiling a plan took 8 ms of a receipt's 14.
      jit: 'off',
    },
  });
  return {
    sql,
    database: drizzle(prepared(sql), { schema }),
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 5 });
    },
  };
}

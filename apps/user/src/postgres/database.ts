/** The connections of this service to its own database. */
import { dropsConnection } from '@portcullis/api';
import { probeDatabase } from '@portcullis/service/postgres';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';

const MAX_CONNECTIONS = 10;
/** Seconds. */
const CONNECT_TIMEOUT = 3;
const IDLE_TIMEOUT = 60;
const CLOSE_TIMEOUT = 5;
/** Milliseconds, enforced by the server. */
const STATEMENT_TIMEOUT = 5_000;
const LOCK_TIMEOUT = 2_000;
const IDLE_IN_TRANSACTION_TIMEOUT = 2_000;

export interface Database extends AsyncDisposable {
  readonly sql: Sql;
  readonly db: PostgresJsDatabase;
  /** A readiness check. */
  check(): Promise<void>;
}

export function openDatabase(url: string): Database {
  const client = postgres(url, {
    // It would ask for array types, of which there are none here, in a promise that nobody handles.
    fetch_types: false,
    max: MAX_CONNECTIONS,
    connect_timeout: CONNECT_TIMEOUT,
    idle_timeout: IDLE_TIMEOUT,
    onnotice: () => undefined,
    retires: dropsConnection,
    connection: {
      application_name: 'portcullis-user',
      statement_timeout: STATEMENT_TIMEOUT,
      lock_timeout: LOCK_TIMEOUT,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT,
      // Short statements, whose plans take longer to compile than to run.
      jit: 'off',
    },
  });
  return {
    sql: client,
    db: drizzle(client),
    check: () => probeDatabase(client),
    [Symbol.asyncDispose]: () => client.end({ timeout: CLOSE_TIMEOUT }),
  };
}

/** The connections of this service to its own database. */
import { dropsConnection } from '@portcullis/api';
import { postgresTls, probeDatabase } from '@portcullis/service/postgres';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';

const MAX_CONNECTIONS = 10;
/** Seconds. */
const CONNECT_TIMEOUT_S = 3;
const IDLE_TIMEOUT_S = 60;
const CLOSE_TIMEOUT_S = 5;
/** Milliseconds, enforced by the server. */
const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 2_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 2_000;

export interface Database extends AsyncDisposable {
  readonly sql: Sql;
  readonly db: PostgresJsDatabase;
  /** A readiness check. */
  check(): Promise<void>;
}

export function openDatabase(url: string): Database {
  const { address, options } = postgresTls(url);
  const client = postgres(address, {
    ...options,
    // It would ask for array types, of which there are none here, in a promise that is never awaited.
    fetch_types: false,
    max: MAX_CONNECTIONS,
    connect_timeout: CONNECT_TIMEOUT_S,
    idle_timeout: IDLE_TIMEOUT_S,
    onnotice: () => undefined,
    retires: dropsConnection,
    connection: {
      application_name: 'portcullis-user',
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      // Short statements, whose plans take longer to compile than to run.
      jit: 'off',
    },
  });
  return {
    sql: client,
    db: drizzle(client),
    check: () => probeDatabase(client),
    [Symbol.asyncDispose]: () => client.end({ timeout: CLOSE_TIMEOUT_S }),
  };
}

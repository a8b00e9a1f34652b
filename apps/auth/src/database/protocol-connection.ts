/**
 * Connections that only the revocation protocol uses, so that a burst of logins that takes every
 * other connection delays no grant and no numbering. Its waits are short: a verifier that gets no
 * answer asks again.
 */
import { dropsConnection } from '@portcullis/api';
import { postgresTls } from '@portcullis/service/postgres';
import postgres, { type Sql } from 'postgres';
import { KNOWN_TYPES } from './types.ts';

const MAX_CONNECTIONS = 6;
/** Between two attempts to connect. Seconds; the library's own bound is 20. */
const MAX_BACKOFF_S = 0.5;

export interface ProtocolConnection extends AsyncDisposable {
  readonly sql: Sql;
}

export function connectProtocol(
  url: string,
  applicationName: string,
  maxConnections: number = MAX_CONNECTIONS,
): ProtocolConnection {
  const { address, options } = postgresTls(url);
  const sql = postgres(address, {
    ...options,
    ...KNOWN_TYPES,
    max: maxConnections,
    connect_timeout: 3,
    backoff: (attempt) => Math.min(0.02 * 2 ** attempt, MAX_BACKOFF_S),
    idle_timeout: 60,
    onnotice: () => undefined,
    retires: dropsConnection,
    connection: {
      application_name: applicationName,
      statement_timeout: 3_000,
      lock_timeout: 1_000,
      // A process that is paused while it holds the head of the log loses it after this.
      idle_in_transaction_session_timeout: 1_000,
      // As in database.ts: short statements, whose plans take longer to compile than to run.
      jit: 'off',
    },
  });
  return {
    sql,
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 5 });
    },
  };
}

/** One address of a database, for our own connection and for the programs of PostgreSQL. */
import postgres, { type Sql } from 'postgres';
import { StepFailure } from '../steps.ts';

export interface ServerVersion {
  readonly text: string;
  readonly major: number;
}

const CONNECT_TIMEOUT_S = 10;

/** @throws {StepFailure} when nothing answers there as a database */
export async function connectDatabase(url: string, name: string): Promise<Sql & AsyncDisposable> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: CONNECT_TIMEOUT_S,
    onnotice: () => undefined,
    connection: { application_name: name },
  });
  try {
    await sql`select 1`;
  } catch (error) {
    await sql.end({ timeout: 1 });
    const reason = error instanceof Error ? error.message : 'it does not answer';
    throw new StepFailure(`The database ${nameOf(url)} cannot be reached: ${reason}`, {
      cause: error,
      fix: 'start its server, or mend DATABASE_URL',
    });
  }
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) });
}

export async function versionOf(sql: Sql): Promise<ServerVersion> {
  const [row] = await sql<{ text: string; number: number }[]>`
    select current_setting('server_version') as text,
      current_setting('server_version_num')::int as number`;
  if (row === undefined) throw new Error('the server has no version');
  return { text: row.text, major: Math.floor(row.number / 10_000) };
}

/** The name of the database alone: the address holds a password. */
export const nameOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));

/**
 * The settings of libpq for an address. The password is in the environment of the program, and so in no list of
 * processes and no log. What the shell says of TLS goes along; its other PG settings would lead elsewhere.
 *
 * @see https://www.postgresql.org/docs/current/libpq-envars.html
 */
export function libpqEnvironment(url: string, shell = process.env): NodeJS.ProcessEnv {
  const address = new URL(url);
  const ofTls = Object.entries(shell).filter(([name]) => name.startsWith('PGSSL'));
  const mode = address.searchParams.get('sslmode');
  return {
    ...Object.fromEntries(ofTls),
    ...(mode !== null && { PGSSLMODE: mode }),
    PATH: shell['PATH'],
    HOME: shell['HOME'],
    LC_ALL: 'C',
    PGHOST: decodeURIComponent(address.hostname).replaceAll(/^\[|\]$/g, ''),
    PGPORT: address.port || '5432',
    PGUSER: decodeURIComponent(address.username),
    PGPASSWORD: decodeURIComponent(address.password),
    PGDATABASE: nameOf(url),
    PGCONNECT_TIMEOUT: String(CONNECT_TIMEOUT_S),
  };
}

/**
 * What PostgreSQL says of itself, of its configuration or of a connection, and not of the statement
 * (appendix A of its manual). All of it is answered 503 with `Retry-After`: another try may find it
 * otherwise. Every other SQLSTATE is a defect of ours, and answered 500.
 *
 * `ended` ones come with the end of their connection. A connection that is `dropped` gives no better
 * answer later: it is closed as soon as its transaction is over, and the next statement gets a new one.
 */

export interface ServerState {
  /** A SQLSTATE, or the class that it begins with. */
  readonly state: string;
  /** What of the server says so, where other parts of it mean something else by the same state. */
  readonly routine?: string;
  /** Why nothing can be served, in words that any client may read. */
  readonly means: string;
  readonly connection: 'kept' | 'dropped' | 'ended';
}

export const SERVER_STATES: readonly ServerState[] = [
  { state: '08', means: 'the connection broke', connection: 'dropped' },
  {
    // Outside of a transaction the driver prepares the statement again, and nothing is noticed.
    state: '0A000',
    routine: 'RevalidateCachedQuery',
    means: 'the schema has changed under this connection',
    connection: 'dropped',
  },
  { state: '25006', means: 'read-only', connection: 'dropped' },
  { state: '25P03', means: 'a transaction stood idle for too long', connection: 'ended' },
  { state: '25P04', means: 'a transaction took too long', connection: 'ended' },
  { state: '26000', means: 'a connection has lost its statements', connection: 'dropped' },
  { state: '28', means: 'it refuses this service', connection: 'ended' },
  { state: '3D000', means: 'there is no such database', connection: 'ended' },
  { state: '3F000', means: 'its schema is another one', connection: 'kept' },
  { state: '40', means: 'transactions stood in the way of one another', connection: 'kept' },
  { state: '42501', means: 'this service may not do that', connection: 'kept' },
  { state: '42703', means: 'its schema is another one', connection: 'kept' },
  { state: '42P01', means: 'its schema is another one', connection: 'kept' },
  { state: '53', means: 'it has no room', connection: 'kept' },
  { state: '55', means: 'something is in use', connection: 'kept' },
  { state: '57014', means: 'a statement took too long', connection: 'kept' },
  { state: '57', means: 'an operator has intervened', connection: 'ended' },
  { state: '58', means: 'its machine failed', connection: 'dropped' },
  { state: 'F0', means: 'its configuration is broken', connection: 'dropped' },
  { state: 'XX', means: 'it failed', connection: 'dropped' },
];

/** In any state, it ends the connection, and so is not about the statement. */
const FATAL: ServerState = { state: '', means: 'it ended the connection', connection: 'ended' };

/** @returns undefined for what is about the statement, or is no error of PostgreSQL */
export function serverStateOf(error: unknown): ServerState | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  const { code } = error;
  const routine = 'routine' in error ? error.routine : undefined;
  const found = SERVER_STATES.find(
    (row) => code.startsWith(row.state) && (row.routine ?? routine) === routine,
  );
  if (found !== undefined && isSqlState(error)) return found;
  const severity = 'severity' in error ? error.severity : undefined;
  return severity === 'FATAL' || severity === 'PANIC' ? FATAL : undefined;
}

/** @returns whether the connection on which the server said this is to be used no more */
export function dropsConnection(error: unknown): boolean {
  const state = serverStateOf(error);
  return state !== undefined && state.connection !== 'kept';
}

function isSqlState(error: Error & { code: unknown }): boolean {
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code);
}

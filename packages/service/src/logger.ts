/**
 * One JSON object a line. JSON escapes control characters, so that nothing a client chooses can
 * begin a line of its own. Tokens, passwords and bodies are never handed to it; the redaction below
 * is for the day somebody forgets.
 */
import { pino, type DestinationStream, type Level, type Logger } from 'pino';

export type { Logger } from 'pino';

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'new_password',
  'token',
  'access_token',
  'refresh_token',
  'client_secret',
  'secret',
];

/** Causes that are followed when an error is written. */
const MAX_CAUSES = 6;
/** Characters of a message and of a stack that are kept. */
const MAX_TEXT = 4_000;

export interface LoggerOptions {
  service: string;
  level: Level | 'silent';
  /** Standard output unless given. */
  destination?: DestinationStream;
}

export function createLogger(options: LoggerOptions): Logger {
  const nested = SECRET_FIELDS.map((field) => `*.${field}`);
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...SECRET_FIELDS, ...nested], censor: '[redacted]' },
      serializers: { err: describeError, error: describeError },
    },
    options.destination ?? pino.destination(1),
  );
}

interface DescribedError {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: DescribedError | undefined;
}

/**
 * Names fields one by one: drivers hang the query and its parameters on their errors, and those are
 * people's data.
 */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const message = withoutParameters(error.message);
  const described: DescribedError = { type: error.name, message };
  if ('code' in error && typeof error.code === 'string') described.code = error.code;
  if (error.stack !== undefined) {
    const frames = error.stack.slice(Math.max(0, error.stack.indexOf('\n    at ')));
    described.stack = `${error.name}: ${message}${frames}`.slice(0, MAX_TEXT);
  }
  if (error.cause !== undefined && depth < MAX_CAUSES) {
    described.cause = describeError(error.cause, depth + 1);
  }
  return described;
}

/** Drizzle writes the values of a failed query into the message. */
function withoutParameters(message: string): string {
  const at = message.indexOf('\nparams:');
  return (at === -1 ? message : message.slice(0, at)).slice(0, MAX_TEXT);
}

/**
 * One JSON object a line. JSON escapes control characters, so that nothing a client chooses can
 * begin a line of its own. Tokens, passwords and bodies are never handed to it; the redaction below
 * is for the day on which that is forgotten.
 */
import { pino, type DestinationStream, type Level, type Logger } from 'pino';
import { withSourcePlaces } from './source-places.ts';

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
  'challenge',
  'answer',
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
 * personal data.
 */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const message = quotesItsInput(error) ? NOT_SHOWN : withoutParameters(error.message);
  const described: DescribedError = { type: error.name, message };
  if ('code' in error && typeof error.code === 'string') described.code = error.code;
  if (error.stack !== undefined) {
    const frames = withSourcePlaces(framesOf(error, error.stack));
    described.stack = `${error.name}: ${message}${frames}`.slice(0, MAX_TEXT);
  }
  if (error.cause !== undefined && depth < MAX_CAUSES) {
    described.cause = describeError(error.cause, depth + 1);
  }
  return described;
}

const NOT_SHOWN = '(not shown: it may quote what was sent)';
/** Errors of routers, parsers and validators. */
const QUOTING = new Set([
  'FastifyError',
  'SyntaxError',
  'TRPCError',
  'TRPCClientError',
  'URIError',
  'ZodError',
  '$ZodError',
]);

/** Such an error is described by its code and the place that it was thrown at. */
function quotesItsInput(error: Error): boolean {
  if (QUOTING.has(error.name)) return true;
  if (!('code' in error) || typeof error.code !== 'string') return false;
  // PostgreSQL quotes the value in its "data exceptions" (class 22).
  return error.code.startsWith('FST_') || /^22[0-9A-Z]{3}$/.test(error.code);
}

/** After the message, which is in the stack too and may itself look like a frame. */
function framesOf({ message }: Error, stack: string): string {
  const said = message === '' ? -1 : stack.indexOf(message);
  const frames = stack.indexOf('\n    at ', said === -1 ? 0 : said + message.length);
  return frames === -1 ? '' : stack.slice(frames);
}

/** Drizzle writes the values of a failed query into the message. */
function withoutParameters(message: string): string {
  const at = message.indexOf('\nparams:');
  return (at === -1 ? message : message.slice(0, at)).slice(0, MAX_TEXT);
}

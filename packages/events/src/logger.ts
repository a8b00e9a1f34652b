/** What a logger has to have; pino and most others do. */
type Log = (fields: Record<string, unknown>, text: string) => void;

export interface Logger {
  debug: Log;
  info: Log;
  warn: Log;
  error: Log;
}

/** Says nothing. */
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

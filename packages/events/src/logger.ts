/** What a logger has to have; pino and most others do. */
type Log = (fields: Record<string, unknown>, text: string) => void;

export interface Logger {
  debug: Log;
  info: Log;
  warn: Log;
  error: Log;
}

/** Without a logger: what must not go unseen becomes a warning of the process. */
export const processWarnings: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields, text) => {
    const { err, ...rest } = fields;
    const reason = err instanceof Error ? `: ${err.message}` : '';
    process.emitWarning(`${text}${reason}`, {
      type: 'PortcullisEvents',
      detail: JSON.stringify(rest),
    });
  },
};

const MAX_DEPTH = 8;

/** What went wrong, down to the cause: "fetch failed" alone names nothing that could be mended. */
export function reasonOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  if (depth === MAX_DEPTH) return error.message;
  const below = error instanceof AggregateError ? error.errors : [error.cause];
  const causes = below.filter((cause) => cause !== undefined);
  // Where several addresses were tried, each has its own reason, and there is no text beside them.
  const reasons = causes.map((cause) => reasonOf(cause, depth + 1)).join('; ');
  if (reasons === '') return error.message;
  return error.message === '' ? reasons : `${error.message} (${reasons})`;
}

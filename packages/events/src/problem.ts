/** Why events do not arrive, or arrive again and again. */
export interface EventProblem {
  /** `read`: nothing arrives. `acknowledge`: NATS gets no acknowledgement, and delivers again. */
  cannot: 'read' | 'acknowledge';
  stream: string;
  durable: string;
  reason: string;
}

/** Whether NATS has said that the user may not do that; a timeout says nothing. */
export function isDenied(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.name === 'PermissionViolationError') return true;
  }
  return false;
}

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

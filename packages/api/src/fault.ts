/**
 * Tells a fault of the infrastructure (a database that is away, a connection that broke, a lock that
 * was not had in time) from a defect of ours. The first is answered 503 and may be tried again; the
 * second is answered 500. Neither is ever answered 401 or 200.
 */

/** Node's and postgres.js's names for a connection that could not be had or kept. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'EMFILE',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
]);

/**
 * SQLSTATE classes (PostgreSQL appendix A): 08 connection, 25P insufficient transaction time,
 * 40 rollback, 53 insufficient resources, 55P03 lock not available, 57 operator intervention,
 * 58 system error.
 */
const FAULT_STATES = /^(08...|25P0[34]|40...|53...|55P03|57...|58...)$/;

/** Follows `cause`, since drivers and mappers wrap each other. */
export function isInfrastructureFault(error: unknown): boolean {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    const code: unknown = 'code' in current ? current.code : undefined;
    if (typeof code === 'string' && (CONNECTION_CODES.has(code) || FAULT_STATES.test(code))) {
      return true;
    }
    current = current.cause;
  }
  return false;
}

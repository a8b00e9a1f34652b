/**
 * Distinguishes a fault of the infrastructure (a database that is unavailable or cannot serve, a
 * connection that broke, a lock that was not had in time) from a defect of ours. The first is answered
 * 503 and may be tried again; the second is answered 500. Neither is ever answered 401 or 200.
 */

import { reasonOfPeer } from './reason-of-peer.ts';
import { serverStateOf } from './sql-states.ts';

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
  'EPROTO',
  'ETIMEDOUT',
  'EMFILE',
  'ENFILE',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'AUTH_TYPE_NOT_IMPLEMENTED',
  'SASL_SIGNATURE_MISMATCH',
  'TLS_NOT_OFFERED',
]);

/** OpenSSL's names for a certificate that does not do, as Node hands them on. */
const CERTIFICATE_CODES =
  /^(ERR_(SSL|TLS)_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/;

const MAX_DEPTH = 8;

/** Follows `cause`, since drivers and mappers wrap each other. */
export function isInfrastructureFault(error: unknown): boolean {
  return causesOf(error).some((cause) => isLostConnection(cause) || serverStateOf(cause));
}

/** @returns what keeps the database from serving, in words that any client may read */
export function reasonOfFault(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    const state = serverStateOf(cause);
    if (state !== undefined) return state.means;
    if (isLostConnection(cause)) return reasonOfPeer(cause) ?? 'no connection';
  }
  return undefined;
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  let current: unknown = error;
  while (causes.length < MAX_DEPTH && current instanceof Error) {
    causes.push(current);
    current = current.cause;
  }
  return causes;
}

function isLostConnection(error: Error): boolean {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return false;
  // A Unix socket that is not there is ENOENT; that of a file is a defect.
  const connecting = 'syscall' in error && error.syscall === 'connect';
  return connecting || CONNECTION_CODES.has(code) || CERTIFICATE_CODES.test(code);
}

/**
 * How a service connects to NATS, as options of the client library's `connect`, so that the connection
 * comes back whatever happens to the server. They are kept here without depending on that library.
 */
import { inboxPrefix } from './bus-permissions.ts';

/** Milliseconds. With the library's defaults a frozen server goes unnoticed for six minutes. */
const PING_INTERVAL_MS = 1_000;
/** Pings without an answer until the connection is given up and another one is made. */
const MAX_PINGS_OUT = 2;
const RECONNECT_WAIT_MS = 250;
const CONNECT_TIMEOUT_MS = 2_000;

export interface BusConnectionOptions {
  readonly name: string;
  readonly inboxPrefix: string;
  readonly maxReconnectAttempts: number;
  readonly reconnectTimeWait: number;
  readonly timeout: number;
  readonly pingInterval: number;
  readonly maxPingOut: number;
  readonly ignoreAuthErrorAbort: boolean;
}

export interface ConnectingService {
  /** The name under which the service verifies, or reads events; its NATS user has the same. */
  service: string;
  /** `PORTCULLIS_PREFIX` of the deployment; `portcullis` unless given. */
  prefix?: string;
}

/**
 * @example
 * connect({ servers, user, pass, ...connectionOptions({ service: 'orders' }) })
 */
export function connectionOptions({
  service,
  prefix = 'portcullis',
}: ConnectingService): BusConnectionOptions {
  return {
    name: service,
    // Replies go where no other service may listen; permissions are given by this prefix.
    inboxPrefix: inboxPrefix(prefix, service),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    // A server that restarts with other users, or a login that expires, is not the end of this
    // connection. With the library's default the second refused login closes it for good.
    ignoreAuthErrorAbort: true,
  };
}

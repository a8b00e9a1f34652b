/**
 * How a service connects to NATS, as options of the client library's `connect`, so that the connection
 * comes back after every outage of the server. They are kept here without depending on that library.
 */
import { demandPrefix, demandText } from '@portcullis/contracts';
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
  readonly servers?: string;
  readonly user?: string;
  readonly pass?: string;
  /** There for an address `tls:`: the server is checked, and one that offers no TLS is refused. */
  readonly tls?: Readonly<Record<string, never>>;
}

export interface ConnectingService {
  /** The name under which the service verifies, or reads events; its NATS user has the same. */
  service: string;
  /** `PORTCULLIS_PREFIX` of the deployment; `portcullis` unless given. */
  prefix?: string;
  /**
   * `NATS_URL`: the server's address with the user and password of this service, as in
   * `nats://orders:…@host:4222`, or `tls://…`. The library takes neither login nor scheme from an address.
   */
  url?: string | undefined;
}

/**
 * @example
 * connect({ ...connectionOptions({ service: 'orders', url: process.env['NATS_URL'] }) })
 * connect({ servers, user, pass, ...connectionOptions({ service: 'orders' }) })
 *
 * @throws TypeError for a `url` that is there and is no address, also when it is undefined: a setting
 *   is missing then
 */
export function connectionOptions(options: ConnectingService): BusConnectionOptions {
  const { service, prefix = 'portcullis' } = options;
  demandText(service, 'connectionOptions', 'service');
  demandPrefix(prefix, 'connectionOptions');
  return {
    ...('url' in options ? loginOf(options.url) : {}),
    name: service,
    // Replies go where no other service may listen; permissions are given by this prefix.
    inboxPrefix: inboxPrefix(prefix, service),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    // A server that restarts with other users, or a login that expires, is not the end of this
    // connection. With the library's default the second refused login closes it permanently.
    ignoreAuthErrorAbort: true,
  };
}

function loginOf(
  url: string | undefined,
): Pick<BusConnectionOptions, 'servers' | 'user' | 'pass' | 'tls'> {
  const { protocol, host, username, password } = new URL(
    url !== undefined && URL.canParse(url) ? url : 'none:',
  );
  if (host === '') {
    // It may hold a password: not repeated.
    const hint =
      url === undefined ? ' It is undefined: was the process started with --env-file=…?' : '';
    throw new TypeError(
      `connectionOptions: url is no address of a server; is NATS_URL set?${hint}`,
    );
  }
  return {
    servers: host,
    ...(protocol === 'tls:' ? { tls: {} } : {}),
    ...(username === '' ? {} : { user: decodeURIComponent(username) }),
    ...(password === '' ? {} : { pass: decodeURIComponent(password) }),
  };
}

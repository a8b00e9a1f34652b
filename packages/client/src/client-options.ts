/** What a client is made with. */
import type { DpopKeys } from './dpop.ts';
import type { Fetch } from './exchange.ts';
import {
  demandAddress,
  demandOption,
  demandServices,
  demandStorage,
  demandTransport,
} from './options.ts';
import type { Services } from './services.ts';
import type { TokenStorage } from './token-storage.ts';

export interface ClientOptions {
  /** The address of the auth service, such as `https://auth.example.com`. */
  auth: string;
  /** The same of the user and the admin service, where their routers are called. */
  user?: string;
  admin?: string;
  /**
   * Services of one's own, by name, each with its address and the type of its tRPC router:
   * `{ orders: { url: 'https://orders.example.com', router: routerType<OrdersRouter>() } }`. Tokens go to these and to the
   * addresses above, and nowhere else.
   */
  services?: Services;
  /**
   * `cookie`, for a page in a browser: the tokens are in cookies that no script can read. The
   * addresses are then of the page's own origin, or the services name it in PORTCULLIS_WEB_ORIGINS;
   * and of one host, since that is whose cookies they are. `body` unless given.
   */
  transport?: 'body' | 'cookie';
  /** Keeps the tokens; in memory unless given. Not in cookie mode. */
  storage?: TokenStorage;
  /**
   * Binds the tokens to a key (RFC 9449). `true` makes one, which lives as long as this client; tokens
   * that are stored for longer need their key stored with them, as `indexedDbStorage` does. The
   * addresses above have to be those that the services know themselves by.
   */
  dpop?: DpopKeys;
  fetch?: Fetch;
}

/** All three services of Portcullis. */
export interface PortcullisClientOptions extends ClientOptions {
  user: string;
  admin: string;
}

/** @throws TypeError that names the option that cannot be meant */
export function demandClientOptions(options: ClientOptions): void {
  const of = 'createPortcullisClient';
  demandOption(typeof options === 'object' && options !== null, of, 'its argument', 'an object');
  demandAddress(options.auth, of, 'auth');
  // One that is there and undefined was meant: a setting that is missing.
  if ('user' in options) demandAddress(options.user, of, 'user');
  if ('admin' in options) demandAddress(options.admin, of, 'admin');
  demandServices(options.services, of);
  const { transport, storage, dpop } = options;
  const isTransport = transport === undefined || transport === 'body' || transport === 'cookie';
  demandOption(isTransport, of, 'transport', 'body or cookie');
  demandStorage(storage, of);
  demandTransport(options, of);
  if (transport !== 'cookie') return;
  const out = 'left out in cookie mode, where no script sees a token';
  demandOption(storage === undefined, of, 'storage', out);
  demandOption(dpop === undefined, of, 'dpop', out);
}

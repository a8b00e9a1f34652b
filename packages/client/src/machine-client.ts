/** The auth service, and services of one's own, as another service calls them: with a token of its own. */
import type { TRPCLink } from '@trpc/client';
import { dpopFetch, type DpopKeys } from './dpop.ts';
import type { Fetch } from './exchange.ts';
import { MachineTokens, type MachineCredentials, type TokenRequest } from './machine-token.ts';
import {
  demandAddress,
  demandOption,
  demandServices,
  demandText,
  demandTransport,
} from './options.ts';
import { ownFetch } from './own-fetch.ts';
import { authClient, foreignLink, type AuthClient } from './router-client.ts';
import { ByAddress, endpointOf } from './service-address.ts';
import type { LinkOptions } from './trpc-call.ts';
import type { AnyRouter } from './trpc-link.ts';
import { serviceClients, type ServiceClients, type ServiceOptions } from './services.ts';

export interface MachineClientOptions extends MachineCredentials {
  /** The address of the auth service, such as `https://auth.example.com`. */
  authUrl: string;
  /** Binds the tokens to a key (RFC 9449), which is made here unless it is given. */
  dpop?: DpopKeys;
  fetch?: Fetch;
}

/** A service of one's own, and which token it gets: unless narrowed, one for all that the client may do. */
export interface MachineServiceOptions extends ServiceOptions, TokenRequest {}
export type MachineServices = Readonly<Record<string, MachineServiceOptions>>;

export interface MachineClient<S extends MachineServices = MachineServices> {
  /** Every procedure of the auth router. */
  readonly auth: AuthClient;
  /** A tRPC client of each service that has a router. */
  readonly services: ServiceClients<S>;
  /**
   * `fetch` with the token that belongs to the address, renewed as for the routers.
   *
   * @throws TypeError for an address that is below none of the services; the reason of the signal once that fires;
   *   PortcullisError `network` when no answer came, and what a request for a token fails with
   */
  readonly fetch: Fetch;
  /** A link for a tRPC client of one's own. @throws TypeError for an address that is below none of the services */
  link<R extends AnyRouter>(options: LinkOptions): TRPCLink<R>;
  /**
   * A token, from the cache until shortly before it expires.
   *
   * @param refused one that a service has refused: the answer is another one
   * @throws PortcullisError `invalid_credentials`; `invalid_request` for an audience, and `insufficient_scope` for a scope,
   *   that the client may not have
   */
  token(request?: TokenRequest, refused?: string): Promise<string>;
}

/**
 * Without `services`: every procedure of the auth router. With `services`: a client of these beside it. A call rejects with
 * `PortcullisError` and ends within 20 seconds, or 50 where a token has to be fetched, refused, and fetched again.
 *
 * @example
 * await client.accounts.list.query({ limit: 20 }, { context: { requestId }, signal });
 * @throws TypeError that names the option that cannot be meant
 */
export function createMachineClient<const S extends MachineServices>(
  options: MachineClientOptions & { services: S },
): MachineClient<S>;
export function createMachineClient(options: MachineClientOptions): AuthClient;
export function createMachineClient(
  options: MachineClientOptions & { services?: MachineServices },
): AuthClient | MachineClient {
  const of = 'createMachineClient';
  demandOption(typeof options === 'object' && options !== null, of, 'its argument', 'an object');
  demandAddress(options.authUrl, of, 'authUrl');
  demandText(options.clientId, of, 'clientId');
  demandText(options.clientSecret, of, 'clientSecret');
  demandTransport(options, of);
  demandServices(options.services, of);
  const { authUrl, clientId, clientSecret, dpop, services } = options;
  const plain = options.fetch ?? globalThis.fetch;
  const fetch = dpop === undefined ? plain : dpopFetch(plain, dpop);
  const credentials = { clientId, clientSecret };
  const tokens = new MachineTokens(fetch, endpointOf(authUrl, '/oauth2/token'), credentials);
  const auth = authClient(authUrl, fetch, tokens.of({}));
  if (services === undefined) return auth;

  const own = Object.values(services).map((service) => [service.url, tokens.of(service)] as const);
  const sources = new ByAddress([[authUrl, tokens.of({})], ...own]);
  return {
    auth,
    services: serviceClients(services, fetch, (name) => tokens.of(services[name] ?? {})),
    fetch: ownFetch(fetch, sources),
    link: (link) => foreignLink(link, fetch, sources.of(new URL(link.url))),
    token: (request = {}, refused) =>
      refused === undefined ? tokens.of(request).accessToken() : tokens.of(request).renew(refused),
  };
}

/** Typed tRPC clients of the routers, whose calls reject with `PortcullisError`. */
import type { AuthRouter } from '@portcullis/api';
import type { TRPCClient, TRPCLink } from '@trpc/client';
import type { BearerSource } from './bearer-fetch.ts';
import type { Fetch } from './exchange.ts';
import { endpointOf } from './service-address.ts';
import type { LinkOptions } from './trpc-call.ts';
import { routerLink, type AnyRouter } from './trpc-link.ts';
import { typedClient } from './typed-client.ts';

export type AuthClient = TRPCClient<AuthRouter>;

/**
 * Calls that take no token: one that cannot be refreshed any more must not stand in their way. The
 * routers say of each which it is; a test holds this list to theirs, since no router is loaded here.
 */
export const ANONYMOUS: ReadonlySet<string> = new Set([
  'completeLogin',
  'continueLogin',
  'register',
  'login',
  'refresh',
  'email.verify',
  'email.resend',
  'password.forgot',
  'password.reset',
]);

const NONE: ReadonlySet<string> = new Set();

/** The auth service. @param serviceUrl its address, without `/trpc` */
export function authClient(
  serviceUrl: string,
  fetch: Fetch,
  bearer: BearerSource | undefined,
): AuthClient {
  const calls = { fetch, bearer, isForeign: false, anonymous: ANONYMOUS };
  return typedClient<AuthRouter>({ url: endpointOf(serviceUrl, '/trpc') }, calls);
}

/** Another of Portcullis' services, of which every procedure takes a token. */
export function createRouterClient<R extends AnyRouter>(
  serviceUrl: string,
  fetch: Fetch,
  bearer: BearerSource | undefined,
): TRPCClient<R> {
  const calls = { fetch, bearer, isForeign: false, anonymous: NONE };
  return typedClient<R>({ url: endpointOf(serviceUrl, '/trpc') }, calls);
}

/** A router of one's own. */
export function foreignClient<R extends AnyRouter>(
  options: LinkOptions,
  fetch: Fetch,
  bearer: BearerSource,
): TRPCClient<R> {
  return typedClient<R>(options, { fetch, bearer, isForeign: true, anonymous: NONE });
}

/** A link to a router of one's own, for a tRPC client of one's own. */
export function foreignLink(
  options: LinkOptions,
  fetch: Fetch,
  bearer: BearerSource,
): TRPCLink<AnyRouter> {
  return routerLink(options, { fetch, bearer, isForeign: true, anonymous: NONE });
}

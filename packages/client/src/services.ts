/** Services of one's own, by name. */
import type { TRPCClient } from '@trpc/client';
import type { BearerSource } from './bearer-fetch.ts';
import type { Fetch } from './exchange.ts';
import { foreignClient } from './router-client.ts';
import { endpointOf } from './service-address.ts';
import type { Transformer } from './trpc-call.ts';
import type { AnyRouter } from './trpc-link.ts';

/** The type of a router, in a place where there has to be a value: `routerType<OrdersRouter>()`. */
export interface RouterType<R extends AnyRouter> {
  readonly type?: R;
}

/** @returns nothing but the type: no code of the router comes along */
export function routerType<R extends AnyRouter>(): RouterType<R> {
  return {};
}

export interface ServiceOptions {
  /** Its address: tokens go to what is below of it, and nowhere else. */
  url: string;
  /** Of its tRPC router, where it has one: `routerType<OrdersRouter>()`. */
  router?: RouterType<AnyRouter>;
  /** Where the router is, below the address; `/trpc` unless given. */
  path?: string;
  /** Of the router, where it has one: superjson, say. */
  transformer?: Transformer;
}

export type Services = Readonly<Record<string, ServiceOptions>>;

type RouterOf<S> = S extends { router: RouterType<infer R extends AnyRouter> } ? R : never;

/** A client of each service that has a router. */
export type ServiceClients<S> = {
  readonly [N in keyof S as S[N] extends { router: object } ? N : never]: TRPCClient<
    RouterOf<S[N]>
  >;
};

export function serviceClients<S extends Services>(
  services: S,
  fetch: Fetch,
  sourceOf: (name: string) => BearerSource,
): ServiceClients<S>;
export function serviceClients(
  services: Services,
  fetch: Fetch,
  sourceOf: (name: string) => BearerSource,
): object {
  const clients = Object.entries(services)
    .filter(([, { router }]) => router !== undefined)
    .map(([name, { url, path = '/trpc', transformer }]) => {
      const router = { url: endpointOf(url, path), transformer };
      return [name, foreignClient(router, fetch, sourceOf(name))] as const;
    });
  return Object.fromEntries(clients);
}

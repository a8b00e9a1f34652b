/** A typed tRPC client of one router, whose calls reject with `PortcullisError`. */
import type { AdminRouter, AuthRouter, UserRouter } from '@portcullis/api';
import {
  createTRPCClientProxy,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  TRPCUntypedClient,
  type TRPCClient,
  type TRPCRequestOptions,
} from '@trpc/client';
import { bearerEventSource } from './bearer-event-source.ts';
import { bearerFetch, cookiesWithoutRenewal, type BearerSource } from './bearer-fetch.ts';
import { portcullisErrorOf } from './error.ts';
import type { Fetch } from './exchange.ts';

export type PortcullisRouter = AuthRouter | UserRouter | AdminRouter;

/**
 * Calls that take no token: one that cannot be refreshed any more must not stand in their way. The
 * routers say of each which it is; a test holds this list to theirs, since no router is loaded here.
 */
export const ANONYMOUS: ReadonlySet<string> = new Set([
  'continueLogin',
  'register',
  'login',
  'refresh',
  'email.verify',
  'email.resend',
  'password.forgot',
  'password.reset',
]);

/**
 * Each call is an HTTP request of its own: in a batch, one answer would speak for several calls,
 * and the retry of one would repeat the others.
 *
 * Subscriptions go over SSE, and connect again by themselves for as long as that makes sense.
 *
 * A call's request id may be given as `{ context: { requestId } }`.
 *
 * @param serviceUrl the address of the service, without `/trpc`
 */
export function createRouterClient<R extends PortcullisRouter>(
  serviceUrl: string,
  fetch: Fetch,
  bearer: BearerSource | undefined,
): TRPCClient<R> {
  const url = endpointOf(serviceUrl, '/trpc');
  const call = (from: BearerSource | undefined) =>
    httpLink({
      url,
      fetch: bearerFetch(fetch, from),
      headers: ({ op }) => {
        const requestId = requestIdOf(op.context);
        return requestId === undefined ? {} : { 'x-request-id': requestId };
      },
    });
  const links = [
    splitLink({
      condition: (op) => op.type === 'subscription',
      true: httpSubscriptionLink({
        url,
        EventSource: bearerEventSource(fetch, bearer),
        eventSourceOptions: ({ op }) => {
          const requestId = requestIdOf(op.context);
          return requestId === undefined ? {} : { requestId };
        },
      }),
      false: splitLink({
        condition: (op) => ANONYMOUS.has(op.path),
        true: call(bearer?.cookies === true ? cookiesWithoutRenewal : undefined),
        false: call(bearer),
      }),
    }),
  ];
  return createTRPCClientProxy<R>(new RejectingClient<R>({ links }));
}

function requestIdOf(context: Record<string, unknown>): string | undefined {
  const { requestId } = context;
  return typeof requestId === 'string' ? requestId : undefined;
}

/** @throws TypeError for an address that is not http or https */
export function endpointOf(serviceUrl: string, path: string): string {
  const url = new URL(serviceUrl);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError('the address of a service begins with http:// or https://');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}${path}`;
}

// The fetch above throws PortcullisError; what tRPC itself throws around it (an input that cannot
// be written as JSON, a signal that was aborted before) is converted here.
class RejectingClient<R extends PortcullisRouter> extends TRPCUntypedClient<R> {
  override async query(path: string, input?: unknown, options?: TRPCRequestOptions) {
    try {
      return await super.query(path, input, options);
    } catch (error) {
      throw portcullisErrorOf(error);
    }
  }

  override async mutation(path: string, input?: unknown, options?: TRPCRequestOptions) {
    try {
      return await super.mutation(path, input, options);
    } catch (error) {
      throw portcullisErrorOf(error);
    }
  }
}

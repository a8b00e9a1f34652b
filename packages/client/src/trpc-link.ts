/** The end of a chain of tRPC's links: sends the calls, and opens the subscriptions. */
import {
  splitLink,
  TRPCClientError,
  type createTRPCClientProxy,
  type TRPCLink,
  type TRPCUntypedClient,
} from '@trpc/client';
import type { Calls } from './bearer-fetch.ts';
import { eitherSignal } from './either-signal.ts';
import { portcullisErrorOf } from './error.ts';
import { Subscription } from './subscription.ts';
import { callRouter, requestIdOf, urlOf, type LinkOptions, type RouterCalls } from './trpc-call.ts';

/** As tRPC has it, in a package that is not imported here. */
export type AnyRouter =
  Parameters<typeof createTRPCClientProxy>[0] extends TRPCUntypedClient<infer R> ? R : never;

type Operation = ReturnType<TRPCLink<AnyRouter>>;
type Op = Parameters<Operation>[0]['op'];
export type Observer = NonNullable<Parameters<ReturnType<Operation>['subscribe']>[0]>;

/**
 * Each call is an HTTP request of its own: in a batch, one answer would speak for several calls,
 * and the retry of one would repeat the others.
 *
 * Subscriptions go over SSE, and connect again by themselves for as long as that makes sense.
 */
export function routerLink(router: LinkOptions, calls: RouterCalls): TRPCLink<AnyRouter> {
  const last: TRPCLink<AnyRouter> =
    () =>
    ({ op }) => ({
      subscribe: (observer) => ({
        unsubscribe:
          op.type === 'subscription'
            ? subscribe(router, calls, op, observer)
            : call(router, calls, op, observer),
      }),
      pipe: () => {
        throw new Error('pipe the link around this one');
      },
    });
  // tRPC's own around it makes an observable of it that other links can work with.
  return splitLink({ condition: () => true, true: last, false: last });
}

/** @returns how to abort it */
function call(router: LinkOptions, calls: RouterCalls, op: Op, observer: Observer): () => void {
  const abandoned = new AbortController();
  const signal = op.signal ? eitherSignal(op.signal, abandoned.signal) : abandoned.signal;
  callRouter(router, calls, op, signal)
    .then(
      (data) => {
        observer.next?.({ result: { type: 'data', data } });
        observer.complete?.();
      },
      (error: unknown) => observer.error?.(trpcErrorFrom(error)),
    )
    .finally(() => abandoned.abort());
  return () => abandoned.abort();
}

/** What a router of one's own says in its own way is tRPC's error, and stays one. */
function trpcErrorFrom(error: unknown): TRPCClientError<AnyRouter> {
  return error instanceof TRPCClientError ? error : portcullisErrorOf(error);
}

/** @returns how to end it */
export function subscribe(
  router: LinkOptions,
  calls: Calls,
  op: Pick<Op, 'type' | 'path' | 'input' | 'context' | 'signal'>,
  observer: Observer,
): () => void {
  const { transformer } = router;
  const stateIs = (
    state: 'connecting' | 'pending' | 'idle',
    error: TRPCClientError<AnyRouter> | null,
  ): void => observer.next?.({ result: stateOf(state, error) });
  let url: string;
  try {
    url = urlOf(router, op);
  } catch (error) {
    // An input that cannot be written.
    observer.error?.(portcullisErrorOf(error));
    return () => {};
  }
  const request = { url, requestId: requestIdOf(op) };
  const subscription = new Subscription(calls, request, {
    connecting: (error) => stateIs('connecting', error),
    connected() {
      observer.next?.({ result: { type: 'started' } });
      stateIs('pending', null);
    },
    data(written, id) {
      const data = transformer === undefined ? written : transformer.deserialize(written);
      // One that has an id is given with it, as tRPC's own link does.
      observer.next?.({ result: id === '' ? { data } : { id, data: { id, data } } });
    },
    returned() {
      observer.next?.({ result: { type: 'stopped' } });
      stateIs('idle', null);
      observer.complete?.();
    },
    failed: (error) => observer.error?.(error),
  });
  const close = (): void => {
    op.signal?.removeEventListener('abort', close);
    subscription.close();
  };
  op.signal?.addEventListener('abort', close);
  if (op.signal?.aborted === true) close();
  return close;
}

function stateOf(
  state: 'connecting' | 'pending' | 'idle',
  error: TRPCClientError<AnyRouter> | null,
) {
  if (state === 'connecting') return { type: 'state', state, error } as const;
  return { type: 'state', state, error: null } as const;
}

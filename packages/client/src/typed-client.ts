/**
 * A typed client of a router: `client.orders.list.query(input)`, as `createTRPCClient` of tRPC makes it, at a third of what
 * that has a page load. What other libraries of tRPC take a client for (`getUntypedClient`) is there too.
 */
import { TRPCClientError, type TRPCClient } from '@trpc/client';
import { isRecord } from './answer-shape.ts';
import { portcullisErrorOf } from './error.ts';
import { callRouter, type LinkOptions, type RouterCalls } from './trpc-call.ts';
import { subscribe, type AnyRouter, type Observer } from './trpc-link.ts';

/** By which `getUntypedClient` finds what it gives. */
const UNTYPED = Symbol.for('trpc_untypedClient');
type Callback =
  'onStarted' | 'onData' | 'onError' | 'onStopped' | 'onComplete' | 'onConnectionStateChange';

/**
 * A call rejects with PortcullisError, or, of a router of one's own, with the TRPCClientError of what that says in its own
 * way. A call's request id may be given as `{ context: { requestId } }`.
 */
export function typedClient<R extends AnyRouter>(
  router: LinkOptions,
  calls: RouterCalls,
): TRPCClient<R>;
export function typedClient(router: LinkOptions, calls: RouterCalls): object {
  const untyped = new UntypedClient(router, calls);
  return new Proxy(
    {},
    { get: (_, name) => (name === UNTYPED ? untyped : procedureAt(untyped, [], name)) },
  );
}

/** What a path leads to: a router, a procedure, or a way to call it; it is called as all three. */
function procedureAt(
  untyped: UntypedClient,
  above: readonly string[],
  name: string | symbol,
): object | undefined {
  // What awaits it would take it for a promise.
  if (typeof name !== 'string' || name === 'then') return undefined;
  const path = [...above, name];
  return new Proxy(() => {}, {
    get: (_, next) => procedureAt(untyped, path, next),
    apply(_, __, [input, options]: unknown[]) {
      const procedure = above.join('.');
      if (name === 'query') return untyped.query(procedure, input, options);
      if (name === 'mutate') return untyped.mutation(procedure, input, options);
      if (name === 'subscribe') return untyped.subscription(procedure, input, options);
      throw new TypeError(`${path.join('.')} is no call of a procedure`);
    },
  });
}

class UntypedClient {
  readonly #router: LinkOptions;
  readonly #calls: RouterCalls;

  constructor(router: LinkOptions, calls: RouterCalls) {
    this.#router = router;
    this.#calls = calls;
  }

  query(path: string, input?: unknown, options?: unknown): Promise<unknown> {
    return this.#call('query', path, input, options);
  }

  mutation(path: string, input?: unknown, options?: unknown): Promise<unknown> {
    return this.#call('mutation', path, input, options);
  }

  /** @returns what ends it, where there are callbacks; or else the events */
  subscription(path: string, input?: unknown, options?: unknown): object {
    const { context, signal } = optionsOf(options);
    const op = { type: 'subscription', path, input, context, signal: signal ?? null } as const;
    const open = (observer: Observer) => subscribe(this.#router, this.#calls, op, observer);
    const callbacks = callbacksOf(options);
    if (callbacks === undefined) return eventsOf(open, signal);
    return { unsubscribe: open(observerOf(callbacks, context)) };
  }

  async #call(
    type: 'query' | 'mutation',
    path: string,
    input: unknown,
    options: unknown,
  ): Promise<unknown> {
    const { context, signal } = optionsOf(options);
    try {
      return await callRouter(this.#router, this.#calls, { type, path, input, context }, signal);
    } catch (error) {
      throw error instanceof TRPCClientError ? error : portcullisErrorOf(error);
    }
  }
}

function optionsOf(options: unknown) {
  const { context, signal } = isRecord(options) ? options : {};
  return {
    context: isRecord(context) ? context : {},
    signal: signal instanceof AbortSignal ? signal : undefined,
  };
}

type Callbacks = (name: Callback, value?: unknown) => void;

function callbacksOf(options: unknown): Callbacks | undefined {
  if (!isRecord(options)) return undefined;
  const isCallback = ([name, value]: [string, unknown]): boolean =>
    name.startsWith('on') && typeof value === 'function';
  if (!Object.entries(options).some(isCallback)) return undefined;
  return (name, value) => {
    const callback = options[name];
    if (typeof callback === 'function') Reflect.apply(callback, options, [value]);
  };
}

function observerOf(tell: Callbacks, context: Record<string, unknown>): Observer {
  return {
    next({ result }) {
      if (result.type === 'state') tell('onConnectionStateChange', result);
      else if (result.type === 'started') tell('onStarted', { context });
      else if (result.type === 'stopped') tell('onStopped');
      else tell('onData', result.data);
    },
    error: (error) => tell('onError', error),
    complete: () => tell('onComplete'),
  };
}

/** Opened with the first event that is asked for, and closed with the loop around it. */
async function* eventsOf(
  open: (observer: Observer) => () => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown, void> {
  const waiting: unknown[] = [];
  let end: { error?: unknown } | undefined;
  let wake = (): void => {};
  const over = (how: { error?: unknown }): void => {
    end ??= how;
    wake();
  };
  const abort = (): void => over({});
  signal?.addEventListener('abort', abort);
  const close = open({
    next({ result }) {
      if (result.type !== undefined && result.type !== 'data') return;
      waiting.push(result.data);
      wake();
    },
    error: (error) => over({ error }),
    complete: abort,
  });
  try {
    while (signal?.aborted !== true) {
      while (waiting.length > 0) yield waiting.shift();
      if (end !== undefined) {
        if ('error' in end) throw end.error;
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    close();
  }
}

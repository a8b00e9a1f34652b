/**
 * One call of a procedure, as tRPC has it over HTTP (https://trpc.io/docs/rpc): a query is a GET with its input in the
 * address, a mutation a POST with it in the body.
 *
 * Written here, and not left to tRPC's own link, which sends through a `fetch` that has to look like the platform's and
 * weighs more than all of this.
 */
import { TRPCClientError } from '@trpc/client';
import { isRecord } from './answer-shape.ts';
import { cookiesWithoutRenewal, exchangeWithToken, type Calls } from './bearer-fetch.ts';
import { PortcullisError } from './error.ts';
import type { Answer } from './exchange.ts';
import { trpcErrorOf } from './trpc-error.ts';

/** As tRPC's links take it: superjson, say. */
export interface Transformer {
  serialize(value: unknown): unknown;
  deserialize(value: unknown): unknown;
}

/** A router, and how it writes. */
export interface LinkOptions {
  /** The address of the router itself: `https://orders.example.com/trpc`. */
  url: string;
  /** Of the router, where it has one. */
  transformer?: Transformer | undefined;
}

export interface Procedure {
  type: 'query' | 'mutation' | 'subscription';
  path: string;
  input: unknown;
  context: Record<string, unknown>;
}

export interface RouterCalls extends Calls {
  /** Paths of the procedures that take no token. */
  anonymous: ReadonlySet<string>;
}

/** The same as `callProcedure`, without a token where the procedure takes none. */
export async function callRouter(
  router: LinkOptions,
  { anonymous, bearer, ...others }: RouterCalls,
  procedure: Procedure,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const withoutToken = bearer?.cookies === true ? cookiesWithoutRenewal : undefined;
  const by = { ...others, bearer: anonymous.has(procedure.path) ? withoutToken : bearer };
  return await callProcedure(router, by, procedure, signal);
}

/**
 * @returns what the procedure returned
 * @throws PortcullisError; TRPCClientError for what a router that is not Portcullis' own says in its own way
 */
async function callProcedure(
  router: LinkOptions,
  calls: Calls,
  procedure: Procedure,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const headers = new Headers();
  const requestId = requestIdOf(procedure);
  if (requestId !== undefined) headers.set('x-request-id', requestId);
  const init: RequestInit = { headers, signal: signal ?? null };
  if (procedure.type === 'mutation') {
    const { body, type } = bodyOf(router, procedure.input);
    init.method = 'POST';
    init.body = body;
    if (type !== undefined) headers.set('content-type', type);
  }
  const answer = await exchangeWithToken(calls, urlOf(router, procedure), init);
  return resultOf(answer, calls.isForeign, router.transformer);
}

export function urlOf({ url, transformer }: LinkOptions, { type, path, input }: Procedure): string {
  const address = `${url.replace(/\/$/, '')}/${path}`;
  const written = transformer === undefined ? input : transformer.serialize(input);
  if (type === 'mutation' || written === undefined) return address;
  return `${address}?input=${encodeURIComponent(JSON.stringify(written))}`;
}

/** Of `{ context: { requestId } }` beside the input. */
export function requestIdOf({ context }: Procedure): string | undefined {
  const { requestId } = context;
  return typeof requestId === 'string' ? requestId : undefined;
}

/** Forms and bytes as they are, everything else as JSON. */
function bodyOf(
  { transformer }: LinkOptions,
  input: unknown,
): { body: BodyInit | null; type?: string } {
  if (input instanceof FormData) return { body: input };
  if (input instanceof Blob) return { body: input, type: 'application/octet-stream' };
  const written = transformer === undefined ? input : transformer.serialize(input);
  const body = written === undefined ? null : JSON.stringify(written);
  return { body, type: 'application/json' };
}

function resultOf(
  answer: Answer,
  isForeign: boolean,
  transformer: Transformer | undefined,
): unknown {
  const { body, ok, status } = answer;
  const read = (value: unknown): unknown =>
    transformer === undefined ? value : transformer.deserialize(value);
  if (ok && isRecord(body) && isRecord(body['result'])) {
    return read(body['result']['data']);
  }
  if (ok) throw new PortcullisError('protocol', { status });
  const error = trpcErrorOf(answer);
  const said = isRecord(body) ? read(body['error']) : undefined;
  if (!isForeign || error.code !== 'protocol' || !isRecord(said)) throw error;
  const { code, message, data } = said;
  if (typeof code !== 'number' || typeof message !== 'string' || !isRecord(data)) throw error;
  throw TRPCClientError.from({ error: { code, message, data } });
}

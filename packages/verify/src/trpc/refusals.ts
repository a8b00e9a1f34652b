/**
 * How a router of one's own answers what `protect` refuses, as the services of Portcullis do: status, headers
 * (RFC 6750 section 3, RFC 9449 section 7.1), and `data.portcullis`, by which the SDK knows what to do.
 */
import { Refusal, trpcCodeOf, type ErrorBody } from '@portcullis/contracts';
import type { TRPCError } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import {
  answerOf,
  nonceHeaders,
  requestIdOf,
  type GuardOptions,
  type RefusalHeaders,
  type RequestLike,
} from '../guard/index.ts';

interface RefusedCalls {
  ctx?: { request: RequestLike; requestId?: string | undefined } | undefined;
  errors: readonly TRPCError[];
  paths?: readonly string[] | undefined;
}

/** Where there was no context, there was nothing that a client had offered. */
const NOTHING: RequestLike = { headers: {} };

/** What `data.portcullis` of an error holds. */
export interface RefusedCall extends ErrorBody {
  /** Seconds. */
  retry_after?: number;
}

/**
 * For `initTRPC.create({ errorFormatter: formatRefusal })`. A refusal of a guard or of a procedure is answered as itself, and a
 * defect as `internal`, without a word of it. What is thrown as a `TRPCError` with another code is left as it is.
 */
export function formatRefusal<S extends { code: number; message: string; data: object }>({
  shape,
  error,
  ctx,
}: {
  shape: S;
  error: TRPCError;
  ctx?: { request?: unknown; requestId?: string | undefined } | undefined;
}): S & { data: { portcullis?: RefusedCall } } {
  const refusal = refusalIn(error);
  if (refusal === undefined) return shape;
  const { status, retryAfter, message } = refusal;
  const code = trpcCodeOf(refusal);
  return {
    ...shape,
    code: TRPC_ERROR_CODES_BY_KEY[code],
    message,
    data: {
      ...shape.data,
      code,
      httpStatus: status,
      stack: undefined,
      portcullis: {
        ...refusal.toBody(ctx === undefined ? '' : idIn(ctx)),
        ...(retryAfter !== undefined && { retry_after: retryAfter }),
      },
    },
  };
}

/** Where the context has no request, there is none to name. */
function idIn({ request, requestId }: { request?: unknown; requestId?: string | undefined }) {
  return isRequest(request) ? requestIdOf(request, requestId) : (requestId ?? '');
}

function isRequest(value: unknown): value is RequestLike {
  const headers: unknown = Reflect.get(Object(value), 'headers');
  return typeof headers === 'object' && headers !== null;
}

/** What is no `TRPCError` tRPC puts into one of this code. */
function refusalIn({ code, cause }: TRPCError): Refusal | undefined {
  if (cause instanceof Refusal) return cause;
  return code === 'INTERNAL_SERVER_ERROR' ? new Refusal('internal', { cause }) : undefined;
}

/**
 * For `responseMeta` of any adapter of tRPC. The headers are those of the first call that was refused; a batch
 * keeps the status that tRPC works out for all of its calls.
 */
export const refusalMeta = refusalMetaWith({});

/**
 * The same for guards with more options, of which it takes its part: in cookie mode a cookie is a token that
 * was offered (RFC 6750 section 3.1), and where nonces are demanded, each answer brings the next one in time.
 */
export function refusalMetaWith({
  cookies,
  publicUrls,
  nonces,
}: Pick<GuardOptions, 'cookies' | 'publicUrls' | 'nonces'>) {
  return ({ ctx, errors, paths }: RefusedCalls): { status?: number; headers?: RefusalHeaders } => {
    const request = ctx?.request ?? NOTHING;
    const next = nonceHeaders(nonces, request);
    const refusal = errors.map(refusalIn).find((each) => each !== undefined);
    if (refusal === undefined) return { headers: next };
    const requestId = ctx === undefined ? '' : idIn(ctx);
    const { status, headers } = answerOf(refusal, request, { cookies, publicUrls, requestId });
    const all = { ...next, ...headers };
    return paths?.length === 1 ? { headers: all, status } : { headers: all };
  };
}

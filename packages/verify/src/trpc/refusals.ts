/**
 * How a router of one's own answers what `protect` refuses, as the services of Portcullis do: status, headers
 * (RFC 6750 section 3, RFC 9449 section 7.1), and `data.portcullis`, by which the SDK knows what to do.
 */
import { Refusal } from '@portcullis/contracts';
import type { TRPCError } from '@trpc/server';
import type { Authorization } from '../proof/authorization.ts';
import { refusalHeaders, type OfferedScheme } from '../refusal-headers.ts';

/** What `data.portcullis` of an error holds. */
export interface RefusedCall {
  code: Refusal['code'];
  message: string;
  /** Seconds. */
  retry_after?: number;
}

/**
 * For `initTRPC.create({ errorFormatter: formatRefusal })`. What is no refusal is left as it is.
 */
export function formatRefusal<S extends { data: object }>({
  shape,
  error,
}: {
  shape: S;
  error: TRPCError;
}): S & { data: { portcullis?: RefusedCall } } {
  const refusal = error.cause;
  if (!(refusal instanceof Refusal)) return shape;
  const { code, message, status, retryAfter } = refusal;
  return {
    ...shape,
    data: {
      ...shape.data,
      httpStatus: status,
      stack: undefined,
      portcullis: {
        code,
        message,
        ...(retryAfter !== undefined && { retry_after: retryAfter }),
      },
    },
  };
}

/**
 * For `responseMeta` of any adapter of tRPC. The headers are those of the first call that was refused; a batch
 * keeps the status that tRPC works out for all of its calls.
 */
export function refusalMeta({
  ctx,
  errors,
  paths,
}: {
  ctx?: { authorization: Authorization } | undefined;
  errors: readonly TRPCError[];
  paths?: readonly string[] | undefined;
}): { status?: number; headers?: Record<string, string> } {
  const refusal = errors
    .map(({ cause }) => cause)
    .find((cause): cause is Refusal => cause instanceof Refusal);
  if (refusal === undefined) return {};
  const headers = refusalHeaders(refusal, schemeOf(ctx?.authorization));
  return paths?.length === 1 ? { headers, status: refusal.status } : { headers };
}

function schemeOf(authorization: Authorization): OfferedScheme {
  if (authorization === undefined) return 'none';
  return typeof authorization === 'string' && /^dpop +/i.test(authorization) ? 'dpop' : 'bearer';
}

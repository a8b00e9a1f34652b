/** How tRPC names the statuses of refusals. It takes the status of an answer from its own code. */
import type { Refusal } from './errors.ts';

const CODES = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  // Of what is too long tRPC knows the body alone.
  414: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
  431: 'PAYLOAD_TOO_LARGE',
  503: 'SERVICE_UNAVAILABLE',
} as const;

export type TrpcCode = (typeof CODES)[keyof typeof CODES] | 'INTERNAL_SERVER_ERROR';

const BY_STATUS: ReadonlyMap<string, TrpcCode> = new Map(Object.entries(CODES));

/** @returns `INTERNAL_SERVER_ERROR` for a status that tRPC has no name for */
export function trpcCodeOf({ status }: Refusal): TrpcCode {
  return BY_STATUS.get(String(status)) ?? 'INTERNAL_SERVER_ERROR';
}

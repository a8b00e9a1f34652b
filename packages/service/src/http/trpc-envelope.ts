/** A refusal in the form that a tRPC client understands, for requests that are refused before tRPC. */
import type { ErrorBody } from '@portcullis/contracts';
import { requestTarget } from '@portcullis/verify/guard';

/** JSON-RPC's "internal error" and "invalid request", which tRPC puts into its envelope. */
const RPC_INTERNAL = -32_603;
const RPC_INVALID = -32_600;
export const TRPC_PREFIX = '/trpc/';

/** The body of a refusal: under tRPC's addresses in its envelope, elsewhere as plain HTTP has it. */
export function enveloped(portcullis: ErrorBody, status: number, url: string): object {
  if (!requestTarget(url).path.startsWith(TRPC_PREFIX)) return portcullis;
  return {
    error: {
      message: portcullis.message,
      code: status >= 500 ? RPC_INTERNAL : RPC_INVALID,
      data: { httpStatus: status, portcullis },
    },
  };
}

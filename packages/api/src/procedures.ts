/**
 * The kinds of procedures there are. Access is decided here and nowhere else: a verb that has been
 * reached may do its work.
 */
import {
  demandRequirement,
  Refusal,
  trpcCodeOf,
  type ErrorCode,
  type Permission,
} from '@portcullis/contracts';
import { initTRPC, TRPCError } from '@trpc/server';
import { ZodError } from 'zod';
import type { RequestContext } from './context.ts';
import { isInfrastructureFault } from './fault.ts';
import type { ProcedureMeta } from './route.ts';

/** What the client sees of an error, beside tRPC's own fields. */
export interface PublicError {
  code: ErrorCode;
  message: string;
  request_id: string;
  retry_after?: number;
  issues?: readonly { path: string; message: string }[] | undefined;
}

/**
 * The one place where a thrown value becomes the client's answer. Unknown errors are `internal`: their
 * text stays in the log.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof TRPCError) {
    if (error.cause instanceof Refusal) return error.cause;
    if (error.cause instanceof ZodError && error.code === 'BAD_REQUEST') {
      return invalidRequest(error.cause);
    }
    switch (error.code) {
      case 'NOT_FOUND':
        return new Refusal('not_found', { cause: error });
      case 'METHOD_NOT_SUPPORTED':
        return new Refusal('method_not_allowed', { cause: error });
      case 'PARSE_ERROR':
        return new Refusal('invalid_json', { cause: error });
      case 'PAYLOAD_TOO_LARGE':
        return new Refusal('payload_too_large', { cause: error });
      case 'UNSUPPORTED_MEDIA_TYPE':
        return new Refusal('unsupported_media_type', { cause: error });
      case 'BAD_REQUEST':
        return new Refusal('invalid_request', { cause: error });
      default:
        return faultOf(error.cause ?? error);
    }
  }
  return faultOf(error);
}

/** Names what is wrong, and repeats neither a value nor a name that is not ours. */
export function invalidRequest(error: ZodError): Refusal {
  return new Refusal('invalid_request', {
    issues: error.issues.slice(0, 20).map((found) => ({
      path: found.path.map(String).join('.').slice(0, 200),
      message: messageOf(found).slice(0, 200),
    })),
  });
}

/** The validator's own text names the members that it does not know. */
function messageOf({ code, message }: ZodError['issues'][number]): string {
  return code === 'unrecognized_keys' ? 'holds a member that is not known' : message;
}

function faultOf(cause: unknown): Refusal {
  return isInfrastructureFault(cause)
    ? new Refusal('unavailable', { cause, retryAfter: 1 })
    : new Refusal('internal', { cause });
}

/** Milliseconds between signs of life in a stream, and of silence after which a client gives it up. */
const STREAM_PING_MS = 5_000;
const STREAM_SILENCE_MS = 15_000;

const t = initTRPC
  .context<RequestContext>()
  .meta<ProcedureMeta>()
  .create({
    isDev: false,
    // A stream that is silent for longer is dead, even if the network says otherwise: its client opens
    // another.
    sse: {
      ping: { enabled: true, intervalMs: STREAM_PING_MS },
      client: { reconnectAfterInactivityMs: STREAM_SILENCE_MS },
    },
    errorFormatter({ shape, error, ctx }) {
      const refusal = refusalOf(error);
      const portcullis: PublicError = {
        ...refusal.toBody(ctx?.requestId ?? ''),
        ...(refusal.retryAfter === undefined ? {} : { retry_after: refusal.retryAfter }),
      };
      return {
        code: shape.code,
        message: refusal.message,
        data: {
          code: shape.data.code,
          httpStatus: refusal.status,
          // Of a procedure that there is not, the path is any text of a client.
          path: isUnknownProcedure(error) ? undefined : shape.data.path,
          portcullis,
        },
      };
    },
  });

function isUnknownProcedure({ code, cause }: TRPCError): boolean {
  return code === 'NOT_FOUND' && !(cause instanceof Refusal);
}

export const router = t.router;

const base = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (!result.ok && result.error.code === 'INTERNAL_SERVER_ERROR') throw codedError(result.error);
  return result;
});

/** tRPC takes the status of an answer from its own code, so a refusal has to be given one. */
export function codedError(error: unknown): TRPCError {
  const cause = refusalOf(error);
  return new TRPCError({ code: trpcCodeOf(cause), cause, message: cause.message });
}

/** For every client, without a token. */
export const publicProcedure = base;

/** A user with a valid access token. */
export const userProcedure = base.use(async ({ ctx, next }) => {
  const caller = demandRequirement(await ctx.authenticate(), 'user');
  return next({ ctx: { request: ctx, caller } });
});

/** A user's stream, which is open for no longer than the token holds. For `untilRevoked`. */
export const watchedProcedure = base.use(async ({ ctx, next }) => {
  const { claims, signal: held } = await ctx.watch();
  return next({ ctx: { request: ctx, caller: demandRequirement(claims, 'user'), held } });
});

/** A user one of whose roles carries the permission. */
export function permittedProcedure(permission: Permission) {
  return userProcedure.use(async ({ ctx, next }) => {
    demandRequirement(ctx.caller, { permission }, ctx.request.access);
    return next({ ctx });
  });
}

/** A machine client whose token has the scope (RFC 6749 section 3.3). */
export function machineProcedure(scope: Permission) {
  return base.use(async ({ ctx, next }) => {
    const caller = demandRequirement(await ctx.authenticate(), { scope });
    return next({ ctx: { request: ctx, caller } });
  });
}

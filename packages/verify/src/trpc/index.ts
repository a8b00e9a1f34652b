/**
 * Protects the procedures of a tRPC router of one's own.
 *
 * The check runs for each procedure, not for each HTTP request, so that a revocation between two
 * calls of one batch is seen.
 */
import { Refusal, trpcCodeOf } from '@portcullis/contracts';
import { initTRPC, TRPCError } from '@trpc/server';
import {
  createGuard,
  type GuardOptions,
  type RequirementBy,
  type RequestLike,
  type TokenCheck,
} from '../guard/index.ts';

export { formatRefusal, refusalMeta, refusalMetaWith, type RefusedCall } from './refusals.ts';

/** What the context of the router must carry. */
export interface GuardedContext {
  /** The very object that stands for the request, so that a proof in it is taken once for all of its calls. */
  request: RequestLike;
  /** Names the request in what is answered to those who are refused; that of `requestIdOf` unless given. */
  requestId?: string | undefined;
}

const t = initTRPC.context<GuardedContext>().create();

/**
 * A middleware for `procedure.use`, after which `ctx.token` holds the claims of the caller's token.
 *
 * It checks once, when the procedure is called: a subscription that is open when the token is revoked stays open.
 * What is to end with the token takes `createGuard(…).watch(ctx.request)`, and ends by its `signal`.
 *
 * @param options who may call, `'user'` unless `require` is given, and the rest of what a guard takes
 * @throws TypeError that names the option that cannot be meant
 * @example
 * createContext: ({ req }) => ({ request: req })
 */
export function protect<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
  verifier: V,
  options: GuardOptions<R> = {},
) {
  const guard = createGuard<V, R>(verifier, options);
  return t.middleware(({ ctx, next: proceed }) => {
    try {
      const token = guard.authenticate(ctx.request);
      // Almost always it is here: a request waits for nothing, and makes nothing, that it need not.
      if (!(token instanceof Promise)) return proceed({ ctx: { token } });
      return token.then((late) => proceed({ ctx: { token: late } })).catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  });
}

/**
 * The text of a defect is private: it is the `cause` of the refusal that is answered, for the log.
 *
 * @throws TRPCError always
 */
function refuse(error: unknown): never {
  const cause = error instanceof Refusal ? error : new Refusal('internal', { cause: error });
  throw new TRPCError({ code: trpcCodeOf(cause), message: cause.message, cause });
}

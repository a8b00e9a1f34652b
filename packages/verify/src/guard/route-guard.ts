/**
 * What the guards of all frameworks are made of: a guard that knows whom it has let in, for the handler behind it,
 * and what is answered to an error of that handler.
 *
 * Invariant: `callerOf` gives a caller for a request that this very guard has let in, and for no other.
 */
import { Refusal, type AccessTokenClaims, type ClaimsOf } from '@portcullis/contracts';
import { identityOf, type RequestLike } from '../wire/request.ts';
import { answerOf, type RefusalAnswer } from './answer.ts';
import {
  createGuard,
  type Checked,
  type RequestGuard,
  type RequirementBy,
  type TokenCheck,
} from './guard.ts';
import type { GuardOptions } from './options.ts';

/** Of a request, the guard that was asked last: it knows what has to be answered to an error. */
const askedLast = new WeakMap<object, RequestGuard>();

export interface RouteGuard<C extends AccessTokenClaims = AccessTokenClaims> {
  /** As `RequestGuard.check`. @throws whatever is no refusal: a defect */
  admit(request: RequestLike, requestId?: string): Promise<Checked<C>>;
  /** @throws Error for a request that this guard has not let in: a route without it */
  callerOf(request: RequestLike): C;
}

/** @throws TypeError that names the option that cannot be meant */
export function createRouteGuard<
  V extends TokenCheck,
  const R extends RequirementBy<V> | 'user' = 'user',
>(verifier: V, options: GuardOptions<R> = {}): RouteGuard<ClaimsOf<R>> {
  const guard: RequestGuard<ClaimsOf<R>> = createGuard<V, R>(verifier, options);
  const callers = new WeakMap<object, ClaimsOf<R>>();
  return {
    async admit(request, requestId) {
      askedLast.set(identityOf(request), guard);
      const checked = await guard.check(request, requestId);
      if (checked.answer === undefined) callers.set(identityOf(request), checked.caller);
      return checked;
    },
    callerOf(request) {
      const caller = callers.get(identityOf(request));
      if (caller === undefined) throw new Error('this request was not let in by this guard');
      return caller;
    },
  };
}

/** What a framework could not read of a request, however it says so; never a word about who may do what. */
const UNREADABLE: ReadonlySet<unknown> = new Set([400, 413, 414, 415, 431]);

/**
 * Whether an error is the framework's own word on a request that it could not read, which it answers itself: a
 * path that cannot be decoded, a body that is no JSON or too long.
 */
export function isUnreadable(error: unknown): boolean {
  if (error instanceof Refusal || typeof error !== 'object' || error === null) return false;
  return (
    ('status' in error && UNREADABLE.has(error.status)) ||
    ('statusCode' in error && UNREADABLE.has(error.statusCode))
  );
}

/**
 * What is answered to what a handler threw, as the services of Portcullis do: to a refusal, by the guard that the
 * request has passed; to anything else 500 `internal`, without a word of it.
 */
export function answerToError(
  error: unknown,
  request: RequestLike,
  requestId?: string,
): RefusalAnswer {
  const refusal = error instanceof Refusal ? error : new Refusal('internal', { cause: error });
  const guard = askedLast.get(identityOf(request));
  return guard === undefined
    ? answerOf(refusal, request, { requestId })
    : guard.answerOf(refusal, request, requestId);
}

/** Whom the guard has let in, for the parameters of methods. */
import type { AccessTokenClaims } from '@portcullis/contracts';
import type { RequestLike } from '../guard/index.ts';

const callers = new WeakMap<object, AccessTokenClaims>();

export function remember(request: RequestLike, caller: AccessTokenClaims): void {
  callers.set(request, caller);
}

/** @throws Error for a request that was not let in */
export function callerOf(request: RequestLike): AccessTokenClaims {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('this request was not let in by a guard');
  return caller;
}

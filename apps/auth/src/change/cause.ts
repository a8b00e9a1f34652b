import type { Actor, UserId } from '@portcullis/contracts';

/** Who does it, and on whose request. */
export interface Cause {
  actor: Actor;
  requestId: string;
  address: string | null;
}

type Request = Pick<Cause, 'requestId' | 'address'>;

/** @param request that the actor made, or that brought the actor to act */
export function causeOf({ requestId, address }: Request, actor: Actor): Cause {
  return { actor, requestId, address };
}

export function causeOfUser(request: Request, id: UserId): Cause {
  return causeOf(request, { kind: 'user', id });
}

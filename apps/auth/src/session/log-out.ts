import type { AuthService, RequestContext } from '@portcullis/api';
import { isUserClaims, Refusal, type EventId, type UserClaims } from '@portcullis/contracts';
import type { MakeChange } from '../revocation/change.ts';
import type { Receipts } from '../revocation/receipts.ts';
import { TakenBack } from '../token/authenticate.ts';
import { endSession } from './end-sessions.ts';

export interface SessionEndDependencies {
  makeChange: MakeChange;
  receipts: Receipts;
}

/**
 * Ends the session of the token. Asked again, by whatever has ended the session meanwhile, it
 * answers with the receipt of that end: a client that lost the answer gets it.
 */
export function createLogOut({
  makeChange,
  receipts,
}: SessionEndDependencies): AuthService['logOut'] {
  return async ({ request }, { wait }) => {
    const { claims, endedBy } = await whoLogsOut(() => request.authenticate());
    if (endedBy !== null) return await receipts.again(endedBy, wait);

    const cause = {
      actor: { kind: 'user', id: claims.sub },
      requestId: request.requestId,
      address: request.address,
    } as const;
    const { result: ended, revocations } = await makeChange(cause, async (change) => {
      const outcome = await endSession(change, claims.sid, claims.sub, 'logout');
      await change.audit({
        action: 'session.logged-out',
        target: { kind: 'session', id: claims.sid },
        detail: { changed: outcome !== null && 'now' in outcome },
      });
      return outcome;
    });
    if (ended === null) throw new Refusal('invalid_token');
    return 'before' in ended
      ? await receipts.again(ended.before, wait)
      : await receipts.collect(revocations, wait);
  };
}

/** A token whose session has ended, or that was cut, is still good for this. */
async function whoLogsOut(
  authenticate: RequestContext['authenticate'],
): Promise<{ claims: UserClaims; endedBy: EventId | null }> {
  try {
    const claims = await authenticate();
    if (!isUserClaims(claims)) throw new Refusal('insufficient_scope');
    return { claims, endedBy: null };
  } catch (error) {
    if (error instanceof Refusal && error.cause instanceof TakenBack) return error.cause;
    throw error;
  }
}

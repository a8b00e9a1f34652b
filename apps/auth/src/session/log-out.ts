import type { AuthService, RequestContext } from '@portcullis/api';
import {
  isUserClaims,
  Refusal,
  type EventId,
  type SessionId,
  type UserId,
} from '@portcullis/contracts';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Receipts } from '../revocation/receipts.ts';
import { RevokedTokenCause } from '../token/authenticate.ts';
import { endSession } from './end-sessions.ts';
import type { EndLiveSession } from './end-live-session.ts';
import { lockOwner } from '../users/lock-user.ts';
import type { SessionOfRefreshToken } from './session-of-refresh-token.ts';

export interface SessionEndDependencies {
  withChange: WithChange;
  receipts: Receipts;
}

export interface OneSessionEndDependencies extends SessionEndDependencies {
  endLiveSession: EndLiveSession;
}

export interface LogOutDependencies extends OneSessionEndDependencies {
  sessionOfRefreshToken: SessionOfRefreshToken;
}

/**
 * Ends the session of the token. Asked again, or when the session has ended otherwise meanwhile, it
 * answers with the receipt of that end: a client that lost the answer gets it.
 */
export function createLogOut({
  withChange,
  endLiveSession,
  receipts,
  sessionOfRefreshToken,
}: LogOutDependencies): AuthService['logOut'] {
  return async ({ request }, { wait }) => {
    const who = await resolveLogoutTarget(request, sessionOfRefreshToken);
    if ('endedBy' in who) return await receipts.again(who.endedBy, wait);

    const cause = causeOfUser(request, who.owner);
    const revoked = await endLiveSession(cause, {
      ...who,
      reason: 'logout',
      action: 'session.logged-out',
    });
    if (revoked !== null) return await receipts.collect([revoked], wait);

    const { result: ended, revocations } = await withChange(cause, async (change) => {
      await lockOwner(change, who.owner);
      const outcome = await endSession(change, who.session, who.owner, 'logout');
      await change.audit({
        action: 'session.logged-out',
        target: { kind: 'session', id: who.session },
        detail: { changed: outcome !== null && 'now' in outcome },
      });
      return outcome;
    });
    if (ended === null) throw new Refusal('invalid_token', { reason: 'session_revoked' });
    return 'before' in ended
      ? await receipts.again(ended.before, wait)
      : await receipts.collect(revocations, wait);
  };
}

type LogoutTarget = { session: SessionId; owner: UserId } | { endedBy: EventId };

/**
 * A token whose session has ended, or that was cut, is still good for this. So is the refresh token
 * in a cookie, after the access token has expired: its page cannot read it, and need not renew what
 * it is about to give up.
 */
async function resolveLogoutTarget(
  request: RequestContext,
  sessionOfRefreshToken: SessionOfRefreshToken,
): Promise<LogoutTarget> {
  try {
    const claims = await request.authenticate();
    if (!isUserClaims(claims)) throw new Refusal('insufficient_scope', { reason: 'other_caller' });
    return { session: claims.sid, owner: claims.sub };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { cause } = error;
    if (cause instanceof RevokedTokenCause) {
      const { endedBy, claims } = cause;
      return endedBy === null ? { session: claims.sid, owner: claims.sub } : { endedBy };
    }
    const { refreshToken } = request.cookies;
    if (error.code !== 'invalid_token' || refreshToken === undefined) throw error;
    const found = await sessionOfRefreshToken(refreshToken);
    if (found === null) throw error;
    return found;
  }
}

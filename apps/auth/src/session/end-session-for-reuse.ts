import type { RequestContext } from '@portcullis/api';
import type { UserId } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import { causeOf } from '../change/cause.ts';
import type { Change, WithChange } from '../change/unit-of-work.ts';
import { users } from '../database/schema/index.ts';
import { lockOwner } from '../users/lock-user.ts';
import { endSession } from './end-sessions.ts';
import type { RefreshToken } from './refresh-token.ts';

/**
 * Ends the session of a token that was used before. Checked again under the session's lock: it may have
 * ended meanwhile, and it ends once.
 */
export async function endSessionForReuse(
  withChange: WithChange,
  token: RefreshToken,
  owner: UserId,
  request: RequestContext,
): Promise<void> {
  const cause = causeOf(request, { kind: 'system', id: 'refresh-reuse' });
  await withChange(cause, async (change) => {
    await lockOwner(change, owner);
    const ended = await endSession(change, token.sessionId, owner, 'refresh_reuse');
    await change.audit({
      action: 'session.refresh-reused',
      target: { kind: 'session', id: token.sessionId },
      detail: { changed: ended !== null && 'now' in ended },
    });
    if (ended !== null && 'now' in ended) await mailOwner(change, owner);
  });
}

/** There is a copy of a token: the user gets a mail about it. */
async function mailOwner(change: Change, owner: UserId): Promise<void> {
  const [user] = await change.tx
    .select({ email: users.email })
    .from(users)
    .where(eq(users.id, owner));
  const address = user?.email ?? null;
  // A tombstone has none.
  if (address === null) return;
  await change.mail({ kind: 'session-ended-by-reuse', address, userId: owner });
}

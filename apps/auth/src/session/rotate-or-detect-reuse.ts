/**
 * Decides what a refresh token is worth, and puts its successor in its place:
 *
 *   live            → the successor takes its place; it becomes "previous"
 *   previous, soon  → the same successor again, to the same client: its answer was lost
 *   anything older  → there is a copy of it; the session ends (RFC 9700 section 4.14.2)
 *
 * A session that is bound to a key (RFC 9449 section 5) is refused without it, and goes on: a copy of a
 * bound token is worthless. But the token that it was bound by was bound to nothing, and the client
 * that bound it may have had a copy: offered again without the key, it ends the session as any used
 * token does.
 *
 * The user's row is held first and the session's second, as everything does that changes both. Under
 * the two locks the state that decides, the generations and the time belong together.
 *
 * The first of the three, where no key is to be bound, is what a refresh nearly always is. It is tried before by one
 * statement, without these locks and to the same end (rotate-statement.ts).
 */
import type { ClientId } from '@portcullis/contracts';
import type { Transaction } from '../database/database.ts';
import { GRACE_SECONDS } from '../timing/lifetimes.ts';
import { bindTo, lockSession, rotate, type LockedSession } from './locked-session.ts';
import { grantOf, type Offer } from './offer.ts';

export async function rotateOrDetectReuse(tx: Transaction, offer: Offer, idleSeconds: number) {
  const { token, successor, request, client, jkt } = offer;
  const row = await lockSession(tx, token);
  if (row === undefined) return refused('no such session');
  const unusable = unusableFor(row, client);
  if (unusable !== null) return refused(unusable);
  // Before it is asked whether the token was used: who lacks the key can do nothing with a copy.
  if (row.dpopJkt !== null && row.dpopJkt !== jkt) {
    const boundBy = row.boundByHash?.equals(token.hash) === true;
    return boundBy ? reused(row) : refused('bound to another key');
  }

  if (row.refreshHash.equals(token.hash)) {
    await rotate(tx, offer, idleSeconds);
    await bindTo(tx, row, offer);
    return { outcome: 'rotated', ...grantOf(row, offer) } as const;
  }
  const repeated =
    row.previousRefreshHash?.equals(token.hash) === true &&
    row.refreshHash.equals(successor.hash) &&
    row.secondsSinceRotation !== null &&
    row.secondsSinceRotation <= GRACE_SECONDS &&
    row.userAgent === (request.userAgent ?? null) &&
    // Who repeats it has the same key, or none as before.
    row.dpopJkt === (jkt ?? null);
  if (repeated) return { outcome: 'repeated', ...grantOf(row, offer) } as const;
  return reused(row);
}

function refused(reason: string) {
  return { outcome: 'refused', reason } as const;
}

function reused({ userId: owner }: LockedSession) {
  return { outcome: 'reused', owner, reason: 'used before' } as const;
}

/** @returns why none of the session's tokens is worth anything to that client; null: they are */
function unusableFor(row: LockedSession, client: ClientId | undefined): string | null {
  if (row.endedAt !== null) return 'the session has ended';
  if (row.status !== 'active') return 'the account is not active';
  if (row.clientDisabledAt !== null) return 'the client is disabled';
  if (row.over) return 'the session has outlived its time';
  if (client !== undefined && client !== row.clientId) return 'of another client';
  return null;
}

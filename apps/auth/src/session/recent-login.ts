import { Refusal, type SessionId } from '@portcullis/contracts';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Queryable } from '../database/database.ts';
import { sessions } from '../database/schema/index.ts';

/** For how long a login is proof enough to change what one logs in with. Seconds. */
const RECENT_S = 15 * 60;

/** What the login has to be, beside recent. */
export interface LoginDemand {
  /** The classes of which one will do, the best first, each without a space; undefined: any, or none. */
  acr?: readonly string[] | undefined;
  /** The methods (RFC 8176) of which one has to be among those of the login; undefined: any. */
  amr?: readonly string[] | undefined;
  /** The classes that a login by one of these methods has, for the client to ask for; nothing is judged by them. */
  acrOfAmr?: readonly string[] | undefined;
}

/**
 * Step-up (RFC 9470), which a refusal names in the challenge (section 3): an attacker who finds a forgotten session open, or knows no more than the
 * password, must not be able to keep the account.
 *
 * @throws Refusal `login_too_weak`, `login_too_old`, or `invalid_token` when the session has ended
 */
export async function requireRecentLogin(
  on: Queryable,
  id: SessionId,
  { acr, amr, acrOfAmr = [] }: LoginDemand = {},
): Promise<void> {
  const [row] = await on
    .select({
      recent: sql<boolean>`${sessions.authTime} > clock_timestamp() - make_interval(secs => ${RECENT_S})`,
      acr: sessions.acr,
      amr: sessions.amr,
    })
    .from(sessions)
    .where(and(eq(sessions.id, id), isNull(sessions.endedAt)));
  if (row === undefined) throw new Refusal('invalid_token', { reason: 'session_revoked' });
  const { recent, acr: given, amr: used } = row;
  const named = acr ?? acrOfAmr;
  const demanded = {
    acr_values: named.length === 0 ? undefined : named.join(' '),
    max_age: RECENT_S,
  };
  const isOfClass = acr === undefined || (given !== null && acr.includes(given));
  const isByMethod = amr === undefined || amr.some((method) => used.includes(method));
  if (!isOfClass || !isByMethod) {
    const cause = new Error(`its ${isOfClass ? 'methods' : 'class'} will not do`);
    throw new Refusal('login_too_weak', { demanded, cause, reason: 'login_too_weak' });
  }
  if (!recent) throw new Refusal('login_too_old', { demanded, reason: 'login_too_old' });
}

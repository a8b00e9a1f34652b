/**
 * The statement of the usual refresh: the live refresh token of a live session is offered, by its client and with the key
 * that it has. It puts the successor in its place, and reads what a token has to say. In every other case it changes
 * nothing and returns nothing, and `rotateOrDetectReuse` decides under its locks.
 *
 * It takes one lock, that of the session's row, and what it does is what is done under both. Under READ COMMITTED
 * one statement has one snapshot, and locks what it changes:
 *
 * - The session is judged as it is. Where another transaction is changing the row, the statement waits for its end, and
 *   evaluates the whole condition again on the row that this has left ("EvalPlanQual"). So of any number that offer
 *   one token one rotates it, and a session that has ended meanwhile is left as it is.
 * - All else is read as it was when the statement began, also after that wait: status, roles and generation of the
 *   account, the client, what it holds for the user, the issuer, the signing key. The token's time is that moment.
 *
 * So what is known of the session is never older than the generations. What ends sessions of an account or of one of its
 * clients permanently raises a generation and marks the sessions in one transaction (`revokeAccess`, `revokeClientAccess`):
 *
 * - one that has committed before is seen as a whole: nothing rotates;
 * - one that commits later, and is first at the session's row, has ended the session: nothing rotates;
 * - one that is second there ends the session after the rotation. The access token is of the generation before, which
 *   is what it ends, and the successor is dead with its session. Its entry in the log outlives the access token: what
 *   passes between its reading of the time and its commit is seconds, and the margin (lifetimes.ts) minutes.
 *
 * A change that leaves sessions alone (roles, a client, the issuer) is seen, or the token is of the generation before: it is
 * stale or dead, as one of a moment before. A session that ends alone takes its tokens by their `sid`, at any generation.
 * Nothing deadlocks with it: it holds nothing while it waits, and waits for nothing more.
 */
import { and, eq, isNull, or, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { clients, issuer, sessions, users } from '../database/schema/index.ts';
import { param, secondsOf, statementTime } from '../database/statement.ts';
import { clientSubjectGeneration, tokenFacts } from '../token/mint.ts';
import { live } from './live.ts';

const id = param('id', 'text');
const offered = param('offered', 'bytea');
const client = param('client', 'text');

/** What a rotation writes, by the values of an offer (offer.ts). */
export const rotated = (idleSeconds: number) => ({
  refreshHash: param('successor', 'bytea'),
  previousRefreshHash: offered,
  rotatedAt: sql`clock_timestamp()`,
  rotations: sql`${sessions.rotations} + 1`,
  lastUsedAt: sql`clock_timestamp()`,
  idleExpiresAt: sql`clock_timestamp() + make_interval(secs => ${idleSeconds})`,
  userAgent: param('userAgent', 'text'),
  address: param('address', 'text'),
});

/** Which row it is that a rotation writes. */
export const isOffered = and(eq(sessions.id, id), eq(sessions.refreshHash, offered));

/** What a token says that is given for the session. To be read with the session, its user, its client and the issuer. */
export const granted = {
  ...tokenFacts,
  userId: sessions.userId,
  clientId: sessions.clientId,
  authTime: secondsOf(sessions.authTime),
  expiresAt: secondsOf(sessions.expiresAt),
  amr: sessions.amr,
  acr: sessions.acr,
  generation: users.generation,
  clientSubjectGeneration: clientSubjectGeneration(sessions.clientId, sessions.userId),
  roles: users.roles,
};

export type Granted = Awaited<ReturnType<ReturnType<typeof prepareRotateLive>['execute']>>[number];

/** To be executed with the values of an offer (offer.ts). */
export function prepareRotateLive(database: Database, idleSeconds: number) {
  return database
    .update(sessions)
    .set(rotated(idleSeconds))
    .from(users)
    .innerJoin(clients, sql`true`)
    .innerJoin(issuer, sql`true`)
    .where(
      and(
        isOffered,
        eq(users.id, sessions.userId),
        eq(clients.id, sessions.clientId),
        live(statementTime),
        sql`${sessions.dpopJkt} is not distinct from ${param('jkt', 'text')}`,
        or(sql`${client} is null`, eq(sessions.clientId, client)),
        eq(users.status, 'active'),
        isNull(clients.disabledAt),
      ),
    )
    .returning({ ...granted, now: secondsOf(statementTime) })
    .prepare('rotate_live');
}

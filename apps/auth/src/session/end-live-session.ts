/**
 * Ends one session that lives, in one statement, and so in one way to PostgreSQL and back.
 *
 * Invariant: it is what `endSession` (end-sessions.ts) does inside of a change, no more and no less. The session, the
 * row of the revocation log, that of the audit trail and its origin are written together or not at all, under the lock
 * of the account's row and after it that of the session's, as by everything else that ends sessions.
 *
 * Of the statement's parts each needs rows of the one before, so that PostgreSQL does them in this order. A statement
 * that waited for the account reads the session as it was when it began; but what changed meanwhile is looked at
 * anew under the session's own lock (PostgreSQL, 13.2.1, Read Committed): of any number at once one ends it, and the
 * others change nothing. Why nothing was changed is not told: who needs to know asks inside of a change.
 *
 * A statement that PostgreSQL has commits, though this process has died meanwhile: then another instance publishes it.
 */
import {
  newId,
  type RevocationEvent,
  type RevocationReason,
  type SessionId,
  type UserId,
} from '@portcullis/contracts';
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import type { Cause } from '../change/cause.ts';
import { eventOfRow } from '../change/event-of-row.ts';
import { originOf } from '../change/origin.ts';
import type { AtOnce } from '../change/unit-of-work.ts';
import type { Database } from '../database/database.ts';
import {
  auditLog,
  auditOrigins,
  revocationLog,
  sessions,
  users,
} from '../database/schema/index.ts';
import { insertFromSelect, param } from '../database/statement.ts';

export interface SessionToEnd {
  session: SessionId;
  owner: UserId;
  reason: RevocationReason;
  /** Of the audit trail. */
  action: string;
}

/**
 * @returns the event, when it has committed and is on its way; null: nothing was changed, since the session has ended
 *   before, is not the owner's or not there, the owner is deleted, or no address says where it is asked from
 */
export type EndLiveSession = (cause: Cause, end: SessionToEnd) => Promise<RevocationEvent | null>;

export interface EndLiveSessionDependencies {
  database: Database;
  atOnce: AtOnce;
}

export function createEndLiveSession(dependencies: EndLiveSessionDependencies): EndLiveSession {
  const { database, atOnce } = dependencies;
  const statement = prepareEndLiveSession(database);

  return async ({ actor, requestId, address }, { session, owner, reason, action }) => {
    if (address === null) return null;
    const event = newId('evt');
    const written = {
      id: event,
      key: session,
      reason,
      actorKind: actor.kind,
      actorId: actor.id,
      requestId,
    };
    return await atOnce(async (entryLifeSeconds) => {
      const [row] = await statement.execute({
        ...written,
        ...originOf(address),
        owner,
        action,
        entryLifeSeconds,
        detail: JSON.stringify({ changed: true }),
      });
      if (row === undefined) return null;
      const unset = { position: null, generation: null, publishedAt: null };
      return eventOfRow({ kind: 'session', ...written, ...row, ...unset });
    });
  };
}

function prepareEndLiveSession(database: Database) {
  // Of a deleted user no address is kept.
  const locked = database.$with('locked').as(
    database
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, param('owner', 'text')), ne(users.status, 'deleted')))
      .for('no key update'),
  );
  const ended = database.$with('ended').as(
    database
      .update(sessions)
      .set({ endedAt: sql`clock_timestamp()`, endedBy: sql`${event}` })
      .from(locked)
      .where(
        and(eq(sessions.id, session), eq(sessions.userId, locked.id), isNull(sessions.endedBy)),
      )
      .returning({ id: sessions.id }),
  );
  const logged = database
    .$with('logged', {
      occurredAt: sql`occurred_at`.mapWith(revocationLog.occurredAt).as('occurred_at'),
      expiresAt: sql`expires_at`.mapWith(revocationLog.expiresAt).as('expires_at'),
    })
    .as(
      sql`${insertFromSelect(revocationLog, [
        [revocationLog.id, event],
        [revocationLog.kind, sql`'session'`],
        [revocationLog.key, ended.id],
        [revocationLog.reason, param('reason', 'text')],
        [
          revocationLog.expiresAt,
          sql`clock_timestamp() + make_interval(secs => ${param('entryLifeSeconds', 'float8')})`,
        ],
        ...actor(revocationLog),
      ])} from ${ended} returning occurred_at, expires_at`,
    );
  const audited = database
    .$with('audited', {})
    .as(
      sql`${insertFromSelect(auditLog, [
        [auditLog.action, param('action', 'text')],
        [auditLog.targetKind, sql`'session'`],
        [auditLog.targetId, ended.id],
        [auditLog.origin, commitment],
        [auditLog.detail, param('detail', 'jsonb')],
        ...actor(auditLog),
      ])} from ${ended}`,
    );
  const auditedFrom = database.$with('audit_origin', {}).as(
    sql`${insertFromSelect(auditOrigins, [
      [auditOrigins.commitment, commitment],
      [auditOrigins.address, param('address', 'text')],
      [auditOrigins.salt, param('salt', 'bytea')],
    ])} from ${ended}`,
  );
  return database
    .with(locked, ended, logged, audited, auditedFrom)
    .select({ occurredAt: logged.occurredAt, expiresAt: logged.expiresAt })
    .from(logged)
    .prepare('end_live_session');
}

const event = param('id', 'text');
const session = param('key', 'text');
const commitment = param('commitment', 'text');

const actor = (table: typeof revocationLog | typeof auditLog) =>
  [
    [table.actorKind, param('actorKind', 'text')],
    [table.actorId, param('actorId', 'text')],
    [table.requestId, param('requestId', 'text')],
  ] as const;

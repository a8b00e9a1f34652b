/**
 * The statement that opens a session: under the lock of the account's row it notes the login, inserts the
 * session and the row of the audit trail, and reads what a token has to say.
 *
 * All of it but the locked row is read as it was when the statement began, and so is the time that a
 * token is issued at: one that waited for the lock is not issued later than what it was checked against.
 * So a login during whose wait something was ended that a client holds for the user opens nothing, and is tried again.
 *
 * Where the login has answered a challenge, the statement uses that up as well, and opens nothing where it
 * could not. The account is locked first, as by everything that changes both; of two that wait for it the
 * second looks at the challenge as the first has left it.
 */
import { FIRST_PARTY_CLIENT } from '@portcullis/contracts';
import { and, eq, gt, isNull, sql, type SQL, type WithSubquery } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import {
  auditLog,
  auditOrigins,
  loginChallenges,
  sessions,
  users,
} from '../database/schema/index.ts';
import { insertFromSelect, param, secondsOf, statementTime } from '../database/statement.ts';
import type { SessionLimits } from '../timing/lifetimes.ts';
import { clientSubjectGeneration, tokenFactsOf } from '../token/mint.ts';
import { live } from './live.ts';

const user = param('user', 'text');
const id = param('id', 'text');

export function prepareOpenSession(database: Database, limits: SessionLimits) {
  const locked = lockAccount(database);
  return openSession(database, limits, { locked, before: [locked], onlyIf: undefined }).prepare(
    'open_session',
  );
}

/** The same after a challenge that was answered. */
export function prepareOpenAnswered(database: Database, limits: SessionLimits) {
  const locked = lockAccount(database);
  const answered = database.$with('answered', {}).as(useUpChallenge(locked));
  const onlyIf = sql`exists (select from ${answered})`;
  return openSession(database, limits, { locked, before: [locked, answered], onlyIf }).prepare(
    'open_answered',
  );
}

interface Opening {
  locked: Locked;
  /** What the statement does first. */
  before: readonly WithSubquery[];
  /** Without which it opens nothing; undefined: the lock suffices. */
  onlyIf: SQL | undefined;
}

function openSession(database: Database, limits: SessionLimits, opening: Opening) {
  const { locked, before, onlyIf } = opening;
  const noted = database.$with('login_noted').as(
    database
      .update(users)
      .set({ lastLoginAt: statementTime })
      .from(locked)
      .where(and(eq(users.id, locked.id), onlyIf)),
  );
  const opened = database
    .$with('opened', {
      authTime: sql<number>`auth_time`.as('auth_time'),
      expiresAt: sql<number>`expires_at`.as('expires_at'),
    })
    .as(insertSession(opening, limits));
  const audited = database.$with('audited', {}).as(insertAuditEntry(opening));
  const auditedFrom = database.$with('audit_origin', {}).as(insertOrigin(opening));
  return database
    .with(...before, noted, opened, audited, auditedFrom)
    .select({
      authTime: opened.authTime,
      expiresAt: opened.expiresAt,
      generation: locked.generation,
      roles: locked.roles,
      ...tokenFactsOf(FIRST_PARTY_CLIENT),
      clientSubjectGeneration: clientSubjectGeneration(FIRST_PARTY_CLIENT, user),
      now: secondsOf(statementTime),
      others: sql<number>`(
        select count(*)::integer from ${sessions}
        where ${and(eq(sessions.userId, user), live(statementTime))})`,
      /** Whether there was a login between the moment that this statement sees and the lock. */
      raced: sql<boolean>`${locked.lastLoginAt} is distinct from (
        select ${users.lastLoginAt} from ${users} where ${eq(users.id, user)})`,
    })
    .from(opened)
    .crossJoin(locked);
}

type Locked = ReturnType<typeof lockAccount>;

/** The account, while it is active and of the generation that the proof was made against. */
function lockAccount(database: Database) {
  const generation = param('generation', 'integer');
  return database.$with('locked').as(
    database
      .select({
        id: users.id,
        generation: users.generation,
        roles: users.roles,
        lastLoginAt: users.lastLoginAt,
      })
      .from(users)
      .where(
        and(
          eq(users.id, user),
          eq(users.status, 'active'),
          eq(users.generation, generation),
          // Under the lock this is the row as it is now, beside that which the statement began with.
          sql`${users.clientRevocations} = (
            select u.client_revocations from ${users} u where u.id = ${user})`,
        ),
      )
      .for('no key update'),
  );
}

function useUpChallenge(locked: Locked): SQL {
  const { tokenHash, userId, generation, expiresAt, usedAt } = loginChallenges;
  return sql`update ${loginChallenges} set ${sql.identifier(usedAt.name)} = ${statementTime}
    from ${locked} where ${and(
      eq(tokenHash, param('challenge', 'bytea')),
      eq(userId, locked.id),
      eq(generation, locked.generation),
      isNull(usedAt),
      gt(expiresAt, statementTime),
    )} returning ${userId}`;
}

function insertSession(opening: Opening, limits: SessionLimits): SQL {
  const { locked } = opening;
  return sql`${insertFromSelect(sessions, [
    [sessions.id, id],
    [sessions.userId, locked.id],
    [sessions.clientId, sql`${FIRST_PARTY_CLIENT}::text`],
    [sessions.refreshHash, param('refreshHash', 'bytea')],
    [sessions.dpopJkt, param('jkt', 'text')],
    [sessions.userAgent, param('userAgent', 'text')],
    [sessions.address, param('address', 'text')],
    [sessions.amr, param('amr', 'text[]')],
    [sessions.acr, param('acr', 'text')],
    [sessions.authTime, statementTime],
    [sessions.idleExpiresAt, sql`${statementTime} + make_interval(secs => ${limits.idleSeconds})`],
    [sessions.expiresAt, sql`${statementTime} + make_interval(secs => ${limits.absoluteSeconds})`],
  ])} ${rowsOf(opening)} returning ${secondsOf(sessions.authTime)} as auth_time,
        ${secondsOf(sessions.expiresAt)} as expires_at`;
}

/** What opens the commitment lies in a table of its own (change/origin.ts). */
const commitment = param('commitment', 'text');

function insertAuditEntry(opening: Opening): SQL {
  const { locked } = opening;
  return sql`${insertFromSelect(auditLog, [
    [auditLog.action, sql`'session.logged-in'`],
    [auditLog.actorKind, sql`'user'`],
    [auditLog.actorId, locked.id],
    [auditLog.targetKind, sql`'session'`],
    [auditLog.targetId, id],
    [auditLog.origin, commitment],
    [auditLog.requestId, param('requestId', 'text')],
    [auditLog.detail, param('detail', 'jsonb')],
  ])} ${rowsOf(opening)}`;
}

function insertOrigin(opening: Opening): SQL {
  return sql`${insertFromSelect(auditOrigins, [
    [auditOrigins.commitment, commitment],
    [auditOrigins.address, param('address', 'text')],
    [auditOrigins.salt, param('salt', 'bytea')],
  ])} ${rowsOf(opening)}`;
}

function rowsOf({ locked, onlyIf }: Opening): SQL {
  return onlyIf === undefined ? sql`from ${locked}` : sql`from ${locked} where ${onlyIf}`;
}

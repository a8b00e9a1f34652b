/**
 * Opens a session for a person who has just proved who they are.
 *
 * Invariant: the session, its audit row and the note of the login in the account are there together or
 * not at all; and the session was inserted under the lock of the account's row, while that was still
 * active and of the generation that the proof was made against. So nothing that ends the account's
 * access can come in between.
 *
 * One statement, and so one way to PostgreSQL and back. All of it but the locked row is read as it was
 * when the statement began, and so is the time that a token is issued at: one that waited for the lock
 * is not issued later than what it was checked against.
 */
import {
  FIRST_PARTY_CLIENT,
  newId,
  Refusal,
  type ClientId,
  type Role,
  type SessionId,
  type UserId,
} from '@portcullis/contracts';
import type { RequestContext } from '@portcullis/api';
import { and, eq, sql, type Column, type SQL, type Table } from 'drizzle-orm';
import { originOf } from '../change/origin.ts';
import type { Database } from '../database/database.ts';
import { auditLog, auditOrigins, sessions, users } from '../database/schema/index.ts';
import { tokenFactsOf, type TokenFacts } from '../token/mint.ts';
import type { SessionLimits } from '../timing/lifetimes.ts';
import { live } from './live.ts';
import type { RefreshToken, RefreshTokens } from './refresh-token.ts';

export interface OpenedSession {
  id: SessionId;
  client: ClientId;
  amr: string[];
  /** The account's, as it was under the lock. */
  generation: number;
  roles: Role[];
  refreshToken: RefreshToken;
  authTime: number;
  expiresAt: number;
  facts: TokenFacts;
  /** Whether the person may have more sessions now than are allowed. */
  mayBeTooMany: boolean;
}

export interface Proof {
  user: UserId;
  /** The account's, when the proof was made. */
  generation: number;
  amr: string[];
  /** Of the key that the tokens are bound to (RFC 9449); undefined: none. */
  jkt: string | undefined;
}

/** @returns null when the account is another one now than the proof was made against */
export type OpenSession = (request: RequestContext, proof: Proof) => Promise<OpenedSession | null>;

export interface OpenSessionDependencies {
  database: Database;
  refreshTokens: RefreshTokens;
  sessionLimits: SessionLimits;
}

export function createOpenSession(dependencies: OpenSessionDependencies): OpenSession {
  const { database, refreshTokens, sessionLimits } = dependencies;
  const statement = prepareStatement(database, sessionLimits);

  return async (request, { user, generation, amr, jkt }) => {
    const id = newId('ses');
    const refreshToken = refreshTokens.first(id);
    const [row] = await statement.execute({
      user,
      generation,
      id,
      refreshHash: refreshToken.hash,
      jkt: jkt ?? null,
      userAgent: request.userAgent ?? null,
      amr,
      requestId: request.requestId,
      detail: JSON.stringify({ amr }),
      ...originOf(request.address),
    });
    if (row === undefined) return null;
    const { others, raced, clientGeneration, now, kid, issuerGeneration, ...opened } = row;
    if (clientGeneration === null) {
      throw new Refusal('unavailable', { cause: new Error('the first-party client is not there') });
    }
    return {
      id,
      client: FIRST_PARTY_CLIENT,
      amr,
      refreshToken,
      ...opened,
      facts: { now, kid, clientGeneration, issuerGeneration },
      // Logins that came in between are in nobody's count of the others.
      mayBeTooMany: raced || others >= sessionLimits.most,
    };
  };
}

const began = sql`statement_timestamp()`;
const given = (name: string, type: string): SQL => sql`${sql.placeholder(name)}::${sql.raw(type)}`;

function prepareStatement(database: Database, limits: SessionLimits) {
  const user = given('user', 'text');
  const id = given('id', 'text');
  const generation = given('generation', 'integer');

  const locked = database.$with('locked').as(
    database
      .select({
        id: users.id,
        generation: users.generation,
        roles: users.roles,
        lastLoginAt: users.lastLoginAt,
      })
      .from(users)
      .where(and(eq(users.id, user), eq(users.status, 'active'), eq(users.generation, generation)))
      .for('no key update'),
  );
  const noted = database
    .$with('noted')
    .as(
      database
        .update(users)
        .set({ lastLoginAt: began })
        .from(locked)
        .where(eq(users.id, locked.id)),
    );
  const opened = database
    .$with('opened', {
      authTime: sql<number>`auth_time`.as('auth_time'),
      expiresAt: sql<number>`expires_at`.as('expires_at'),
    })
    .as(
      sql`${inserting(sessions, [
        [sessions.id, id],
        [sessions.userId, locked.id],
        [sessions.clientId, sql`${FIRST_PARTY_CLIENT}::text`],
        [sessions.refreshHash, given('refreshHash', 'bytea')],
        [sessions.dpopJkt, given('jkt', 'text')],
        [sessions.userAgent, given('userAgent', 'text')],
        [sessions.address, given('address', 'text')],
        [sessions.amr, given('amr', 'text[]')],
        [sessions.authTime, began],
        [sessions.idleExpiresAt, sql`${began} + make_interval(secs => ${limits.idleSeconds})`],
        [sessions.expiresAt, sql`${began} + make_interval(secs => ${limits.absoluteSeconds})`],
      ])} from ${locked} returning ${secondsOf(sessions.authTime)} as auth_time,
        ${secondsOf(sessions.expiresAt)} as expires_at`,
    );
  const commitment = given('commitment', 'text');
  const told = database.$with('told', {}).as(
    sql`${inserting(auditLog, [
      [auditLog.action, sql`'session.logged-in'`],
      [auditLog.actorKind, sql`'user'`],
      [auditLog.actorId, locked.id],
      [auditLog.targetKind, sql`'session'`],
      [auditLog.targetId, id],
      [auditLog.origin, commitment],
      [auditLog.requestId, given('requestId', 'text')],
      [auditLog.detail, given('detail', 'jsonb')],
    ])} from ${locked}`,
  );
  const toldFrom = database.$with('told_from', {}).as(
    sql`${inserting(auditOrigins, [
      [auditOrigins.commitment, commitment],
      [auditOrigins.address, given('address', 'text')],
      [auditOrigins.salt, given('salt', 'bytea')],
    ])} from ${locked}`,
  );
  return database
    .with(locked, noted, opened, told, toldFrom)
    .select({
      authTime: opened.authTime,
      expiresAt: opened.expiresAt,
      generation: locked.generation,
      roles: locked.roles,
      ...tokenFactsOf(FIRST_PARTY_CLIENT),
      now: secondsOf(began),
      others: sql<number>`(
        select count(*)::integer from ${sessions}
        where ${and(eq(sessions.userId, user), live(began))})`,
      /** Whether there was a login between the moment that this statement sees and the lock. */
      raced: sql<boolean>`${locked.lastLoginAt} is distinct from (
        select ${users.lastLoginAt} from ${users} where ${eq(users.id, user)})`,
    })
    .from(opened)
    .crossJoin(locked)
    .prepare('open_session');
}

/** `insert into … select …`, without whatever they are selected from. */
function inserting(table: Table, values: readonly (readonly [Column, SQL | Column])[]): SQL {
  const columns = values.map(([column]) => sql.identifier(column.name));
  return sql`insert into ${table} (${sql.join(columns, sql`, `)})
    select ${sql.join(
      values.map(([, value]) => sql`${value}`),
      sql`, `,
    )}`;
}

function secondsOf(moment: Column | SQL): SQL<number> {
  return sql<number>`extract(epoch from ${moment})::float8`;
}

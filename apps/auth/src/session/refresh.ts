/**
 * Exchanges a refresh token for its one successor.
 *
 *   live            → the successor takes its place; it becomes "previous"
 *   previous, soon  → the same successor again, to the same client: its answer was lost
 *   anything older  → somebody has a copy; the session ends (RFC 9700 section 4.14.2)
 *
 * A session that is bound to a key (RFC 9449 section 5) is refused without it, and goes on: a copy of a
 * bound token is worthless. But the token that it was bound by was bound to nothing, and whoever bound it
 * may have had a copy: offered again without the key, it ends the session as any token that was used.
 *
 * The user's row is held first and the session's second, as everything does that changes both. Under
 * the two locks the state that decides, the generations and the time belong together.
 */
import { Refusal, type ClientId, type UserId } from '@portcullis/contracts';
import type { RequestContext, Tokens } from '@portcullis/api';
import { and, eq, sql } from 'drizzle-orm';
import { knownRoles } from '../users/account-of-row.ts';
import type { Database, Transaction } from '../database/database.ts';
import { clients, issuer, sessions, users } from '../database/schema/index.ts';
import type { Change, MakeChange } from '../change/change.ts';
import { tokenFacts, type Mint } from '../token/mint.ts';
import { endSession } from './end-sessions.ts';
import { GRACE_SECONDS, type SessionLimits } from '../timing/lifetimes.ts';
import { lockOwner } from '../users/lock-user.ts';
import type { RefreshToken, RefreshTokens } from './refresh-token.ts';

export type RefreshOutcome = 'rotated' | 'repeated' | 'reused' | 'refused';

export interface RefreshDependencies {
  database: Database;
  makeChange: MakeChange;
  refreshTokens: RefreshTokens;
  mint: Mint;
  sessionLimits: Pick<SessionLimits, 'idleSeconds'>;
  observe(outcome: RefreshOutcome): void;
}

export interface RefreshDemands {
  /** The client that asks, where it has said so; it has to be the session's. */
  client?: ClientId;
  /** For whom the access token is to be; for everybody whom it could be for unless given. */
  audiences?: readonly string[];
}

export type Refresh = (
  request: RequestContext,
  text: string,
  demands?: RefreshDemands,
) => Promise<Tokens>;

export function createRefresh(dependencies: RefreshDependencies): Refresh {
  const { database, makeChange, refreshTokens, mint, observe } = dependencies;
  const { idleSeconds } = dependencies.sessionLimits;

  return async (request, text, { client, audiences } = {}) => {
    const token = refreshTokens.read(text);
    if (token === null) {
      observe('refused');
      throw new Refusal('invalid_refresh_token');
    }
    const jkt = await request.provePossession();
    const turn = await database.transaction((tx) => takeTurn(tx, token, request, { client, jkt }));
    observe(turn.outcome);
    if (turn.outcome === 'reused') await endReused(token, turn.owner, request);
    if (turn.outcome === 'reused' || turn.outcome === 'refused') {
      throw new Refusal('invalid_refresh_token', { cause: new Error(turn.reason) });
    }
    const { accessToken, tokenType, expiresIn } = await mint.forPerson(
      { ...turn.person, ...(audiences === undefined ? {} : { audiences }) },
      turn.facts,
    );
    return {
      access_token: accessToken,
      token_type: tokenType,
      expires_in: expiresIn,
      refresh_token: turn.successor.text,
      session_id: token.sessionId,
    };
  };

  async function takeTurn(
    tx: Transaction,
    token: RefreshToken,
    request: RequestContext,
    { client, jkt }: { client: ClientId | undefined; jkt: string | undefined },
  ) {
    const refused = (reason: string) => ({ outcome: 'refused', reason }) as const;
    const reused = ({ userId: owner }: LockedSession) =>
      ({ outcome: 'reused', owner, reason: 'used before' }) as const;
    const row = await lockSession(tx, token);
    if (row === undefined) return refused('no such session');
    if (row.endedAt !== null) return refused('the session has ended');
    if (row.status !== 'active') return refused('the account is not active');
    if (row.clientDisabledAt !== null) return refused('the client is disabled');
    if (row.over) return refused('the session has outlived its time');
    if (client !== undefined && client !== row.clientId) return refused('of another client');
    // Before it is asked whether the token was used: who lacks the key can do nothing with a copy.
    if (row.dpopJkt !== null && row.dpopJkt !== jkt) {
      const boundBy = row.boundByHash?.equals(token.hash) === true;
      return boundBy ? reused(row) : refused('bound to another key');
    }

    const userAgent = request.userAgent ?? null;
    const successor = refreshTokens.successor(token);
    if (row.refreshHash.equals(token.hash)) {
      await rotate(tx, token, successor, { userAgent, address: request.address, idleSeconds });
      await bindTo(tx, row, token, jkt);
      return { outcome: 'rotated', ...granted(row, token, successor, jkt) } as const;
    }
    const repeated =
      row.previousRefreshHash?.equals(token.hash) === true &&
      row.refreshHash.equals(successor.hash) &&
      row.secondsSinceRotation !== null &&
      row.secondsSinceRotation <= GRACE_SECONDS &&
      row.userAgent === userAgent &&
      // Who repeats it has the same key, or none as before.
      row.dpopJkt === (jkt ?? null);
    if (repeated) return { outcome: 'repeated', ...granted(row, token, successor, jkt) } as const;
    return reused(row);
  }

  /** Checked again under the session's lock: it may have ended meanwhile, once is enough. */
  async function endReused(token: RefreshToken, owner: UserId, request: RequestContext) {
    const cause = {
      actor: { kind: 'system', id: 'refresh-reuse' },
      requestId: request.requestId,
      address: request.address,
    } as const;
    await makeChange(cause, async (change) => {
      await lockOwner(change, owner);
      const ended = await endSession(change, token.sessionId, owner, 'refresh_reuse');
      await change.audit({
        action: 'session.refresh-reused',
        target: { kind: 'session', id: token.sessionId },
        detail: { changed: ended !== null && 'now' in ended },
      });
      if (ended !== null && 'now' in ended) await tellOwner(change, owner);
    });
  }
}

/** Somebody has had a copy of a token: its owner should know. */
async function tellOwner(change: Change, owner: UserId): Promise<void> {
  const [user] = await change.tx
    .select({ email: users.email })
    .from(users)
    .where(eq(users.id, owner));
  const address = user?.email ?? null;
  // A tombstone has none.
  if (address === null) return;
  await change.mail({ kind: 'session-ended-by-reuse', address, userId: owner });
}

type LockedSession = NonNullable<Awaited<ReturnType<typeof lockSession>>>;

async function lockSession(tx: Transaction, token: RefreshToken) {
  await tx
    .select({ id: users.id })
    .from(users)
    .where(sql`${users.id} = (select user_id from sessions where id = ${token.sessionId})`)
    .for('share');
  const [row] = await tx
    .select({
      ...tokenFacts,
      userId: sessions.userId,
      clientId: sessions.clientId,
      refreshHash: sessions.refreshHash,
      previousRefreshHash: sessions.previousRefreshHash,
      secondsSinceRotation: sql<
        number | null
      >`extract(epoch from clock_timestamp() - ${sessions.rotatedAt})::float8`,
      dpopJkt: sessions.dpopJkt,
      boundByHash: sessions.boundByHash,
      userAgent: sessions.userAgent,
      authTime: sessions.authTime,
      amr: sessions.amr,
      expiresAt: sessions.expiresAt,
      over: sql<boolean>`least(${sessions.idleExpiresAt}, ${sessions.expiresAt}) <= clock_timestamp()`,
      endedAt: sessions.endedAt,
      status: users.status,
      generation: users.generation,
      roles: users.roles,
      clientDisabledAt: clients.disabledAt,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(clients, eq(clients.id, sessions.clientId))
    .crossJoin(issuer)
    .where(eq(sessions.id, token.sessionId))
    .for('update', { of: sessions });
  return row;
}

async function rotate(
  tx: Transaction,
  token: RefreshToken,
  successor: RefreshToken,
  use: { userAgent: string | null; address: string; idleSeconds: number },
): Promise<void> {
  const { userAgent, address, idleSeconds } = use;
  const rotated = await tx
    .update(sessions)
    .set({
      refreshHash: successor.hash,
      previousRefreshHash: token.hash,
      rotatedAt: sql`clock_timestamp()`,
      rotations: sql`${sessions.rotations} + 1`,
      lastUsedAt: sql`clock_timestamp()`,
      idleExpiresAt: sql`clock_timestamp() + make_interval(secs => ${idleSeconds})`,
      userAgent,
      address,
    })
    .where(and(eq(sessions.id, token.sessionId), eq(sessions.refreshHash, token.hash)))
    .returning({ id: sessions.id });
  if (rotated.length !== 1) throw new Error('a session changed under its lock');
}

/** A refresh token that is given to a public client for a proof is bound to its key (RFC 9449 section 5). */
async function bindTo(
  tx: Transaction,
  row: LockedSession,
  token: RefreshToken,
  jkt: string | undefined,
): Promise<void> {
  if (jkt === undefined || row.dpopJkt !== null) return;
  await tx
    .update(sessions)
    .set({ dpopJkt: jkt, boundByHash: token.hash })
    .where(eq(sessions.id, token.sessionId));
}

function granted(
  row: LockedSession,
  token: RefreshToken,
  successor: RefreshToken,
  jkt: string | undefined,
) {
  const { now, kid, clientGeneration, issuerGeneration } = row;
  return {
    successor,
    facts: { now, kid, clientGeneration, issuerGeneration },
    person: {
      id: row.userId,
      generation: row.generation,
      roles: knownRoles(row.roles),
      session: token.sessionId,
      client: row.clientId,
      authTime: row.authTime.getTime() / 1_000,
      amr: row.amr,
      sessionExpiresAt: row.expiresAt.getTime() / 1_000,
      jkt,
    },
  };
}

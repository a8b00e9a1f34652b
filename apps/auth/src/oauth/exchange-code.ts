/**
 * Exchanges an authorization code for the tokens of its session (RFC 6749 section 4.1.3).
 *
 * Invariants:
 * - Of any number of exchanges at once, on any number of instances, one succeeds: one transaction rotates the refresh token
 *   and uses the code up, under the locks of the user's row, the session's and the code's, taken in this order. No request sees a
 *   code that is used up and has opened nothing.
 * - A code that is offered once it is used up ends the session that it opened (section 4.1.2), by any client: there is
 *   a copy of it.
 * - What is wrong otherwise uses nothing up: who has copied a code, and has no verifier, cannot spoil the login.
 */
import type { RequestContext, Tokens } from '@portcullis/api';
import { Refusal, type ErrorCode, type SessionId, type UserId } from '@portcullis/contracts';
import { clientId } from '@portcullis/contracts/schemas';
import { and, eq, gt, isNotNull, isNull, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { causeOf } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Database, Transaction } from '../database/database.ts';
import { authorizationCodes, sessions } from '../database/schema/index.ts';
import { endSession } from '../session/end-sessions.ts';
import type { Refresh } from '../session/refresh.ts';
import { lockOwner } from '../users/lock-user.ts';
import { openUnder, readAuthorizationCode } from './authorization-code.ts';

export interface ExchangeCodeDependencies {
  database: Database;
  withChange: WithChange;
  refresh: Refresh;
}

export interface OfferedCode {
  code: string;
  verifier: string;
  /** As it was given. */
  client: string;
  redirectUri: string;
  /** For whom the access token is to be; for every audience that it may have unless given. */
  audiences?: readonly string[];
}

/** @throws Refusal `invalid_code`, and what a proof of possession is refused with */
export type ExchangeCode = (request: RequestContext, offered: OfferedCode) => Promise<Tokens>;

export function createExchangeCode(dependencies: ExchangeCodeDependencies): ExchangeCode {
  const { database, refresh } = dependencies;

  return async (request, { code: text, verifier, redirectUri, audiences, ...given }) => {
    const code = readAuthorizationCode(text);
    const client = clientId.safeParse(given.client).data;
    if (code === null || client === undefined) throw invalidCode('no code, or no client');
    const isGood = and(
      eq(authorizationCodes.codeHash, code.hash),
      isNull(authorizationCodes.usedAt),
      gt(authorizationCodes.expiresAt, sql`clock_timestamp()`),
      eq(authorizationCodes.clientId, client),
      eq(authorizationCodes.redirectUri, redirectUri),
      eq(authorizationCodes.codeChallenge, challengeOf(verifier)),
    );
    const useUp = async (tx: Transaction): Promise<void> => {
      const used = await tx
        .update(authorizationCodes)
        .set({ usedAt: sql`clock_timestamp()` })
        .where(isGood)
        .returning({ codeHash: authorizationCodes.codeHash });
      if (used.length === 0) throw invalidCode('used up meanwhile');
    };
    try {
      const [good] = await database
        .select({ sealed: authorizationCodes.sealed })
        .from(authorizationCodes)
        .where(isGood);
      if (good === undefined) {
        throw invalidCode('used, expired, of another client or without its verifier');
      }
      const demands = { client, useUp, ...(audiences === undefined ? {} : { audiences }) };
      return await refresh(request, openUnder(code, good.sealed), demands);
    } catch (error) {
      if (!(error instanceof Refusal) || !REFUSED.has(error.code)) throw error;
      await endIfUsed(dependencies, request, code.hash);
      throw error.code === 'invalid_code' ? error : new Refusal('invalid_code', { cause: error });
    }
  };
}

/** What a code is refused with, and the refresh token that it stands for. */
const REFUSED: ReadonlySet<ErrorCode> = new Set(['invalid_code', 'invalid_refresh_token']);

/** RFC 7636 section 4.6. */
function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

/** The session of a code that was used before, and is offered again. */
async function endIfUsed(
  { database, withChange }: ExchangeCodeDependencies,
  request: RequestContext,
  hash: Buffer,
): Promise<void> {
  const [row] = await database
    .select({ session: authorizationCodes.sessionId, user: authorizationCodes.userId })
    .from(authorizationCodes)
    .innerJoin(sessions, eq(sessions.id, authorizationCodes.sessionId))
    .where(
      and(
        eq(authorizationCodes.codeHash, hash),
        isNotNull(authorizationCodes.usedAt),
        isNull(sessions.endedAt),
      ),
    );
  if (row !== undefined) await endForReuse(withChange, request, row);
}

async function endForReuse(
  withChange: WithChange,
  request: RequestContext,
  { session: id, user }: { session: SessionId; user: UserId },
): Promise<void> {
  const cause = causeOf(request, { kind: 'system', id: 'code-reuse' });
  await withChange(cause, async (change) => {
    await lockOwner(change, user);
    const ended = await endSession(change, id, user, 'token_revoked');
    await change.audit({
      action: 'session.code-reused',
      target: { kind: 'session', id },
      detail: { changed: ended !== null && 'now' in ended },
    });
  });
}

function invalidCode(reason: string): Refusal {
  return new Refusal('invalid_code', { cause: new Error(reason) });
}

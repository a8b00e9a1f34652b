/**
 * A login whose application is yet to fetch its tokens.
 *
 *   issued ──exchanged──▶ used ──offered again──▶ its session ends
 *     └──LIFE_S──▶ expired, and its session with it
 *
 * The login has opened a session already, by the same steps as every login. Its tokens are given to no client: the refresh
 * token is kept, encrypted under the code, and the session is idle for LIFE_S at most until the code is exchanged.
 *
 * Invariant: code and session belong to one client together. Both are written under the lock of the account's row: what
 * ends the access of a client to an account sees the session, or has committed before.
 */
import type { RequestContext, Tokens } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { and, eq, sql } from 'drizzle-orm';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Database } from '../database/database.ts';
import { authorizationCodes, sessions } from '../database/schema/index.ts';
import { endAbandoned } from '../session/end-abandoned.ts';
import { live } from '../session/live.ts';
import { lockUser } from '../users/lock-user.ts';
import { newAuthorizationCode, sealUnder } from './authorization-code.ts';
import type { AuthorizationRequest } from './authorization-request.ts';

/** Seconds (RFC 6749 section 4.1.2 recommends 600 at most). */
export const LIFE_S = 60;

export interface IssueCodeDependencies {
  database: Database;
  withChange: WithChange;
}

/**
 * @param tokens of the session that the login has just opened
 * @returns the code
 * @throws Refusal `invalid_credentials` where the session was ended meanwhile
 */
export type IssueCode = (
  request: RequestContext,
  asked: AuthorizationRequest,
  tokens: Tokens,
) => Promise<string>;

export function createIssueCode({ database, withChange }: IssueCodeDependencies): IssueCode {
  return async (request, asked, { session_id: id, refresh_token: refreshToken }) => {
    const code = newAuthorizationCode();
    const [opened] = await database
      .select({ user: sessions.userId })
      .from(sessions)
      .where(eq(sessions.id, id));
    if (opened === undefined) throw endedMeanwhile();
    const { user } = opened;
    const expiresAt = sql`clock_timestamp() + make_interval(secs => ${LIFE_S})`;
    const cause = causeOfUser(request, user);
    const issue = withChange(cause, async ({ tx, audit }) => {
      await lockUser(tx, user);
      const kept = await tx
        .update(sessions)
        .set({ clientId: asked.client, idleExpiresAt: expiresAt })
        .where(and(eq(sessions.id, id), live()))
        .returning({ id: sessions.id });
      if (kept.length === 0) throw endedMeanwhile();
      await tx.insert(authorizationCodes).values({
        codeHash: code.hash,
        sessionId: id,
        userId: user,
        clientId: asked.client,
        redirectUri: asked.redirectUri,
        codeChallenge: asked.codeChallenge,
        sealed: sealUnder(code, refreshToken),
        expiresAt,
      });
      await audit({
        action: 'session.code-issued',
        target: { kind: 'session', id },
        detail: { client: asked.client },
      });
    });
    try {
      await issue;
    } catch (error) {
      await endAbandoned(withChange, cause, user, id);
      throw error;
    }
    return code.text;
  };
}

function endedMeanwhile(): Refusal {
  return new Refusal('invalid_credentials', { cause: new Error('ended meanwhile') });
}

/**
 * Opens a session for a user who has just proved who they are.
 *
 * Invariant: the session, its audit row and the note of the login in the account are there together or
 * not at all; and the session was inserted under the lock of the account's row, while that was still
 * active and of the generation that the proof was made against. So nothing that ends the account's
 * access can come in between.
 *
 * It is one statement (open-session-statement.ts), and so one way to PostgreSQL and back.
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
import { originOf } from '../change/origin.ts';
import type { Database } from '../database/database.ts';
import type { TokenFacts } from '../token/mint.ts';
import type { SessionLimits } from '../timing/lifetimes.ts';
import { prepareOpenSession } from './open-session-statement.ts';
import type { RefreshToken, RefreshTokens } from './refresh-token.ts';

export interface OpenedSession {
  id: SessionId;
  client: ClientId;
  amr: string[];
  /** The account's, as it was under the lock. */
  generation: number;
  clientSubjectGeneration: number;
  roles: Role[];
  refreshToken: RefreshToken;
  authTime: number;
  expiresAt: number;
  facts: TokenFacts;
  /** Whether the user may have more sessions now than are allowed. */
  mayBeTooMany: boolean;
}

export interface Proof {
  user: UserId;
  /** The account's, when the proof was made. */
  generation: number;
  amr: string[];
  /** The thumbprint of the key that the tokens are bound to (RFC 9449); undefined: none. */
  jkt: string | undefined;
}

/**
 * @returns null when the account is another one now than the proof was made against, or when what a client holds for
 *   it was ended meanwhile: the login may be tried again
 */
export type OpenSession = (request: RequestContext, proof: Proof) => Promise<OpenedSession | null>;

export interface OpenSessionDependencies {
  database: Database;
  refreshTokens: RefreshTokens;
  sessionLimits: SessionLimits;
}

export function createOpenSession(dependencies: OpenSessionDependencies): OpenSession {
  const { database, refreshTokens, sessionLimits } = dependencies;
  const statement = prepareOpenSession(database, sessionLimits);

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
      // Logins that came in between counted without each other.
      mayBeTooMany: raced || others >= sessionLimits.most,
    };
  };
}

/**
 * Opens a session for a user who has just proved who they are.
 *
 * Invariant: the session, its audit row and the note of the login in the account are there together or
 * not at all; and the session was inserted under the lock of the account's row, while that was still
 * active and of the generation that the proof was made against. So nothing that ends the account's
 * access can come in between. Where a challenge was answered, its row is used up by the same statement,
 * so that of any number of right answers to it one opens a session.
 *
 * It is one statement (open-session-statement.ts), and so one way to PostgreSQL and back.
 */
import {
  FIRST_PARTY_CLIENT,
  newId,
  Refusal,
  type ClientId,
  type SessionId,
  type UserId,
} from '@portcullis/contracts';
import type { RequestContext } from '@portcullis/api';
import { originOf } from '../change/origin.ts';
import type { Database } from '../database/database.ts';
import type { TokenFacts } from '../token/mint.ts';
import type { SessionLimits } from '../timing/lifetimes.ts';
import { prepareOpenAnswered, prepareOpenSession } from './open-session-statement.ts';
import type { RefreshToken, RefreshTokens } from './refresh-token.ts';

export interface OpenedSession {
  id: SessionId;
  client: ClientId;
  amr: string[];
  acr: string | undefined;
  /** The account's, as it was under the lock. */
  generation: number;
  clientSubjectGeneration: number;
  roles: string[];
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
  /** The class of the login; undefined: none is named. */
  acr?: string | undefined;
  /** The thumbprint of the key that the tokens are bound to (RFC 9449); undefined: none. */
  jkt: string | undefined;
  /**
   * The challenge that was answered, by the hash of its token: it is used up with this. Undefined: none was
   * asked.
   */
  challenge?: Buffer | undefined;
}

/**
 * @returns null when the account is another one now than the proof was made against, when the challenge is used up or
 *   expired, or when what a client holds for the account was ended meanwhile, which uses no challenge up: the login may
 *   be tried again
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
  const answering = prepareOpenAnswered(database, sessionLimits);

  return async (request, { user, generation, amr, acr, jkt, challenge }) => {
    const id = newId('ses');
    const refreshToken = refreshTokens.first(id);
    const values = {
      user,
      generation,
      id,
      refreshHash: refreshToken.hash,
      jkt: jkt ?? null,
      userAgent: request.userAgent ?? null,
      amr,
      acr: acr ?? null,
      requestId: request.requestId,
      detail: JSON.stringify({ amr, acr }),
      ...originOf(request.address),
    };
    const [row] =
      challenge === undefined
        ? await statement.execute(values)
        : await answering.execute({ ...values, challenge });
    if (row === undefined) return null;
    const { others, raced, clientGeneration, now, kid, issuerGeneration, ...opened } = row;
    if (clientGeneration === null) {
      throw new Refusal('unavailable', { cause: new Error('the first-party client is not there') });
    }
    return {
      id,
      client: FIRST_PARTY_CLIENT,
      amr,
      acr,
      refreshToken,
      ...opened,
      facts: { now, kid, clientGeneration, issuerGeneration },
      // Logins that came in between counted without each other.
      mayBeTooMany: raced || others >= sessionLimits.most,
    };
  };
}

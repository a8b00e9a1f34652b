import type { SessionId, UserId } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sessions } from '../database/schema/index.ts';
import type { RefreshTokens } from './refresh-token.ts';

export type SessionOfRefreshToken = (
  text: string,
) => Promise<{ session: SessionId; owner: UserId } | null>;

/**
 * The session that a refresh token was issued for, be it the live one or any before. Good for ending
 * that session and for nothing else: using an old one to refresh would end it too.
 */
export function createSessionOfRefreshToken(
  database: Database,
  refreshTokens: RefreshTokens,
): SessionOfRefreshToken {
  return async (text) => {
    const token = refreshTokens.read(text);
    if (token === null) return null;
    const [row] = await database
      .select({ session: sessions.id, owner: sessions.userId })
      .from(sessions)
      .where(eq(sessions.id, token.sessionId));
    return row ?? null;
  };
}

import type { Tokens } from '@portcullis/api';
import type { UserId } from '@portcullis/contracts';
import type { OpenedSession } from '../session/open-session.ts';
import type { Mint } from '../token/mint.ts';
import { sessionResponse } from '../token/token-response.ts';

/** The last step of a login: the answer. */
export async function tokensOf(
  mint: Mint,
  session: OpenedSession,
  user: UserId,
  jkt: string | undefined,
): Promise<Tokens> {
  const minted = await mint.issueUserToken(
    {
      id: user,
      generation: session.generation,
      clientSubjectGeneration: session.clientSubjectGeneration,
      roles: session.roles,
      session: session.id,
      client: session.client,
      authTime: session.authTime,
      amr: session.amr,
      acr: session.acr,
      sessionExpiresAt: session.expiresAt,
      jkt,
    },
    session.facts,
  );
  return sessionResponse(minted, session.refreshToken);
}

/** A refresh token as it is offered, and what its client is given for it. */
import type { ClientId } from '@portcullis/contracts';
import type { RequestContext } from '@portcullis/api';
import type { RefreshToken } from './refresh-token.ts';
import type { Granted } from './rotate-statement.ts';

export interface Offer {
  token: RefreshToken;
  /** What takes its place, if it is good. */
  successor: RefreshToken;
  request: RequestContext;
  /** The client that asks, where it has said so. */
  client: ClientId | undefined;
  /** The thumbprint of the key that the request proved; undefined: none. */
  jkt: string | undefined;
}

/** By their names in the statements. */
export function valuesOf({ token, successor, request, client, jkt }: Offer) {
  return {
    id: token.sessionId,
    offered: token.hash,
    successor: successor.hash,
    userAgent: request.userAgent ?? null,
    address: request.address,
    client: client ?? null,
    jkt: jkt ?? null,
  };
}

/** What the session's next access token says, and at what time. */
export function grantOf(row: Granted, { token, jkt }: Offer) {
  const { now, kid, clientGeneration, issuerGeneration } = row;
  return {
    facts: { now, kid, clientGeneration, issuerGeneration },
    user: {
      id: row.userId,
      generation: row.generation,
      clientSubjectGeneration: row.clientSubjectGeneration,
      roles: row.roles,
      session: token.sessionId,
      client: row.clientId,
      authTime: row.authTime,
      amr: row.amr,
      acr: row.acr ?? undefined,
      sessionExpiresAt: row.expiresAt,
      jkt,
    },
  };
}

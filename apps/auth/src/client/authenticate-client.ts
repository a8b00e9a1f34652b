import { timingSafeEqual } from 'node:crypto';
import { clientId, type ClientId } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import type { Database } from '../postgres/database.ts';
import { clients, issuer } from '../postgres/schema/index.ts';
import { tokenFacts, type TokenFacts } from '../token/mint.ts';
import { MAX_SECRET_LENGTH, secretHash } from './secret-hash.ts';

export interface AuthenticatedClient {
  id: ClientId;
  /** For a service that verifies tokens: the name under which it does. */
  name: string;
  scopes: string[];
  audiences: string[];
  facts: TokenFacts;
}

export type AuthenticateClient = (
  id: string,
  secret: string,
) => Promise<AuthenticatedClient | null>;

/** @returns null for an unknown or disabled client, one without a secret, and a wrong secret alike */
export function createAuthenticateClient(database: Database): AuthenticateClient {
  const nobody = Buffer.alloc(32);

  return async (name, secret) => {
    const id = clientId.safeParse(name).data;
    if (id === undefined || secret.length > MAX_SECRET_LENGTH) return null;
    const [row] = await database
      .select({
        ...tokenFacts,
        name: clients.name,
        secretHash: clients.secretHash,
        scopes: clients.scopes,
        audiences: clients.audiences,
        disabledAt: clients.disabledAt,
      })
      .from(clients)
      .crossJoin(issuer)
      .where(eq(clients.id, id));
    const holds = timingSafeEqual(row?.secretHash ?? nobody, secretHash(secret));
    if (row === undefined || row.secretHash === null || row.disabledAt !== null || !holds) {
      return null;
    }
    const { now, kid, clientGeneration, issuerGeneration, scopes, audiences } = row;
    return {
      id,
      name: row.name,
      scopes,
      audiences,
      facts: { now, kid, clientGeneration, issuerGeneration },
    };
  };
}

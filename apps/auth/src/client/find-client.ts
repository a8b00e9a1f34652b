/** A client as it stands now, with what a token of it would say; read in one statement. */
import type { ClientId } from '@portcullis/contracts';
import { clientId } from '@portcullis/contracts/schemas';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { declaredAmong } from '../access/present-access.ts';
import type { Database } from '../database/database.ts';
import { clients, issuer } from '../database/schema/index.ts';
import { tokenFacts, type TokenFacts } from '../token/mint.ts';

export interface AuthenticatedClient {
  id: ClientId;
  /** For a service that verifies tokens: the name under which it does. */
  name: string;
  /** Those that are declared now (SPEC.md A17). */
  scopes: string[];
  audiences: string[];
  facts: TokenFacts;
}

export interface FoundClient {
  client: AuthenticatedClient;
  /** SHA-256 of its secret, where it has one. */
  secretHash: Buffer | null;
  /** That of the secret before, while it is still taken. */
  previousSecretHash: Buffer | null;
  /** Its JWK set, unread, where it has one. */
  jwks: unknown;
  /** Where users may be sent back to, each exactly as it is asked for. */
  redirectUris: string[];
}

export type FindClient = (name: string) => Promise<FoundClient | null>;

/** @returns null for an unknown and a disabled client alike */
export function createFindClient(database: Database): FindClient {
  const clientById = database
    .select({
      ...tokenFacts,
      name: clients.name,
      secretHash: clients.secretHash,
      previousSecretHash: clients.previousSecretHash,
      previousIsTaken: sql<boolean>`
        coalesce(${clients.previousSecretUntil} > clock_timestamp(), false)`,
      jwks: clients.jwks,
      scopes: declaredAmong(clients.scopes),
      audiences: clients.audiences,
      redirectUris: clients.redirectUris,
    })
    .from(clients)
    .crossJoin(issuer)
    .where(and(eq(clients.id, sql.placeholder('id')), isNull(clients.disabledAt)))
    .prepare('client_by_id');

  return async (name) => {
    const id = clientId.safeParse(name).data;
    if (id === undefined) return null;
    const [row] = await clientById.execute({ id });
    if (row === undefined) return null;
    const { now, kid, clientGeneration, issuerGeneration } = row;
    const facts = { now, kid, clientGeneration, issuerGeneration };
    const { name: called, scopes, audiences, secretHash, jwks } = row;
    return {
      client: { id, name: called, scopes, audiences, facts },
      secretHash,
      previousSecretHash: row.previousIsTaken ? row.previousSecretHash : null,
      jwks,
      redirectUris: row.redirectUris,
    };
  };
}

/** One that has no way to prove who it is, and is not asked to (RFC 6749 section 2.1). */
export function isPublicClient({ secretHash, jwks }: FoundClient): boolean {
  return secretHash === null && jwks === null;
}

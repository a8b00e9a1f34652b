import type { Client } from '@portcullis/api';
import type { clients } from '../database/schema/index.ts';

/** A client as administrators see it. */
export function clientOfRow(row: typeof clients.$inferSelect): Client {
  return {
    id: row.id,
    name: row.name,
    authentication: row.secretHash !== null ? 'secret' : row.jwks !== null ? 'keys' : null,
    scopes: row.scopes,
    audiences: row.audiences,
    created_at: row.createdAt.toISOString(),
    disabled_at: row.disabledAt?.toISOString() ?? null,
    previous_secret_until: row.previousSecretUntil?.toISOString() ?? null,
  };
}

/** What roles carry by the database: the one answer for all instances, whatever each was configured with. */
import {
  KnownAccess,
  PERMISSIONS,
  readAccessConfig,
  type AccessConfig,
} from '@portcullis/contracts';
import { inArray, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '../database/database.ts';
import { accessMapping, type clients } from '../database/schema/index.ts';

export interface PresentAccess {
  readonly config: AccessConfig;
  readonly rules: KnownAccess;
  /** When its change was committed. */
  readonly changedAt: Date;
}

export async function presentAccess(on: Queryable): Promise<PresentAccess> {
  const [row] = await on.select().from(accessMapping);
  return presentOf(row);
}

/** @returns which one counts, and since when: what a receipt is about */
export function countingAccess(on: Queryable): () => Promise<{ number: number; changedAt: Date }> {
  return async () => {
    const { config, changedAt } = await presentAccess(on);
    return { number: config.number, changedAt };
  };
}

/** The same, which stays so until the transaction ends. To be taken before rows of accounts and clients. */
export async function lockAccess(tx: Transaction): Promise<PresentAccess> {
  const [row] = await tx.select().from(accessMapping).for('share');
  return presentOf(row);
}

/** Of the scopes of a client, in SQL and in their order: those that there are now. No token has any other in it. */
export function declaredAmong(scopes: typeof clients.scopes) {
  const own = inArray(sql`scope`, [...PERMISSIONS]);
  const config = sql`(select ${accessMapping.config} from ${accessMapping})`;
  return sql`array(
    select scope from unnest(${scopes}) with ordinality as had (scope, place)
    where ${own} or ${config} -> 'permissions' ? scope or ${config} -> 'scopes' ? scope
    order by place)`.mapWith(scopes);
}

/** Every name that a client may be given as a scope. */
export function scopesOf({ permissions, scopes }: AccessConfig): string[] {
  return [...PERMISSIONS, ...permissions, ...scopes];
}

/** Of the scopes of a client, those that are permissions, or may have been: ones that are declared no longer. */
export function permissionsAmong(scopes: readonly string[], config: AccessConfig): string[] {
  const plain = new Set(config.scopes);
  return scopes.filter((scope) => !plain.has(scope));
}

function presentOf(row: typeof accessMapping.$inferSelect | undefined): PresentAccess {
  if (row === undefined)
    throw new Error('the mapping of roles has no row: run the migration first');
  const { config } = readAccessConfig(row.config);
  if (config?.number !== row.number) throw new Error('the mapping of roles cannot be read');
  return { config, rules: new KnownAccess(config), changedAt: row.changedAt };
}

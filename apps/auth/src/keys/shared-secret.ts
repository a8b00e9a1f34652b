import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sealedSecrets } from '../database/schema/index.ts';
import type { Seal } from './seal.ts';

const BYTES = 32;

/**
 * A random secret that all instances share. The first instance makes it; the others read it.
 *
 * @throws SealError when it was sealed with another key-encryption key
 */
export async function sharedSecret(database: Database, seal: Seal, name: string): Promise<Buffer> {
  await database
    .insert(sealedSecrets)
    .values({ name, sealed: seal.close(name, randomBytes(BYTES)) })
    .onConflictDoNothing();
  const [row] = await database.select().from(sealedSecrets).where(eq(sealedSecrets.name, name));
  if (row === undefined) throw new Error(`no secret ${name}`);
  return seal.open(name, row.sealed);
}

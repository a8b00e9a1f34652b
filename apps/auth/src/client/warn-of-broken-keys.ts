/**
 * Client keys that were taken before it was known that they prove nothing. They are refused from now on,
 * and whose they are stands in the log, with what to do.
 */
import type { Logger } from '@portcullis/service';
import { and, isNotNull, isNull } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { clients } from '../database/schema/index.ts';
import { brokenKeysOf } from './client-keys.ts';

export async function warnOfBrokenKeys(database: Database, logger: Logger): Promise<void> {
  const rows = await database
    .select({ id: clients.id, jwks: clients.jwks })
    .from(clients)
    .where(and(isNotNull(clients.jwks), isNull(clients.disabledAt)));
  for (const { id, jwks } of rows) {
    for (const { kid, problem } of brokenKeysOf(jwks)) {
      logger.warn(
        { client: id, kid, problem },
        'registered key of a client is unusable: register another',
      );
    }
  }
}

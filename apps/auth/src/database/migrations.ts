import { fileURLToPath } from 'node:url';
import type { Schema } from '@portcullis/service/postgres';
import type { Sql } from 'postgres';

/** Beside `src` and `dist` alike. */
export const MIGRATIONS: string = fileURLToPath(new URL('../../migrations', import.meta.url));

export function schemaOf(sql: Sql): Schema {
  return { sql, folder: MIGRATIONS, command: 'node apps/auth/dist/commands/migrate.js' };
}

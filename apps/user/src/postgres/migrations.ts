import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Schema } from '@portcullis/service/postgres';
import type { Sql } from 'postgres';

const JOURNAL = createRequire(import.meta.url).resolve('#migrations/meta/_journal.json');

/** By the manifest of the app: this file stands elsewhere in `src` than what was built of it in `dist`. */
export const MIGRATIONS: string = dirname(dirname(JOURNAL));

export function schemaOf(sql: Sql): Schema {
  return { sql, folder: MIGRATIONS, command: 'node apps/user/dist/commands/migrate.js' };
}

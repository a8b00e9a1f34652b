/** Brings the database to the present schema. */
import { migrateDatabase as migrate } from '@portcullis/service/postgres';
import { MIGRATIONS } from './migrations.ts';

/** Key of the advisory lock. */
const TURN = -3_952_743_616_585_352_234n;

/** @throws MigrationFailed with the one thing to do next */
export async function migrateDatabase(
  url: string,
  begun?: (migration: string) => void,
): Promise<void> {
  await migrate(url, {
    folder: MIGRATIONS,
    applicationName: 'portcullis-user-migrate',
    turn: TURN,
    ...(begun && { begun }),
  });
}

import { migrateDatabase, readMigrations } from '@portcullis/service/postgres';
import { repositoryRoot } from '@portcullis/testbed';
import postgres from 'postgres';
import { folderUpTo } from './folder-up-to.ts';
import type { Tried } from './offences.ts';
import type { Subject } from './subject.ts';
import { tryMigration } from './try-migration.ts';

const TURN = 1n;
const APPLICATION = 'portcullis-migrations-under-load';

export interface Size {
  readonly sessions: number;
  /** How long the load goes on before each migration. */
  readonly beforeMs: number;
}

/** Applies each migration after the first under the statements of the service; the first makes the tables. */
export async function applyEach(
  subject: Subject,
  url: string,
  { sessions, beforeMs }: Size,
  done: (tried: Tried) => void,
): Promise<void> {
  const folder = `${repositoryRoot}/apps/${subject.name}/migrations`;
  const migrations = await readMigrations(folder);
  const connect = (max: number) =>
    postgres(url, { max, onnotice: () => undefined, connection: { lock_timeout: 2_000 } });
  const sql = connect(20);
  const observer = connect(1);
  const migrateTo = async (count: number): Promise<void> => {
    await using upTo = await folderUpTo(folder, count);
    const options = { folder: upTo.path, applicationName: APPLICATION, turn: TURN };
    await migrateDatabase(url, options);
  };
  try {
    for (const [place, { tag }] of migrations.entries()) {
      if (place === 0) {
        await migrateTo(1);
      } else {
        const tried = await tryMigration({
          name: `${subject.name} ${tag}`,
          requests: subject.requests(sql),
          observer,
          application: APPLICATION,
          beforeMs,
          migrate: () => migrateTo(place + 1),
        });
        done(tried);
        if (tried.failure !== undefined) return;
      }
      await subject.fill(sql, sessions);
    }
  } finally {
    await Promise.all([sql.end({ timeout: 5 }), observer.end({ timeout: 5 })]);
  }
}

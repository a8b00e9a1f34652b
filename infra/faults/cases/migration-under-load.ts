import type { Fault, Scene } from '../fault.ts';
import { migrateDatabase } from '@portcullis/service/postgres';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { deadlocks, watchWaits } from '../../migrations/waits.ts';
import { isReady } from '../stage/stage.ts';

const RELEASES = 3;
const APPLICATION = 'portcullis-faults-migrate';
/** Of a request for a migration. Milliseconds. */
const LONGEST_MS = 1_000;

export const migrationUnderLoad: Fault = {
  name: 'migration-under-load',
  about:
    'later releases migrate tables that requests use, while this one serves; no verifier is excused',
  takes: ({ maxStalenessMs }) => RELEASES * 1_500 + maxStalenessMs + 1_000,
  async run(scene) {
    const { stage, history, expect, maxStalenessMs } = scene;
    const url = stage.bed.databaseUrls.auth;
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    const from = performance.now();
    try {
      const found = await deadlocks(sql);
      const waits = watchWaits(sql, APPLICATION);
      for (let release = 0; release < RELEASES; release += 1) {
        await migrateAsLater(url, release);
        await sleep(500);
      }
      await waits.stop();
      const { longest } = waits;
      expect(`no request waits for a migration; one did for ${longest} ms`, longest < LONGEST_MS);
      expect('no deadlock', (await deadlocks(sql)) === found);
    } finally {
      await sql.end();
    }
    await expectServing(scene);
    await sleep(maxStalenessMs + 500);
    const failed = [...history.issues, ...history.changes].filter(
      ({ start, status }) => start > from && status >= 500,
    );
    expect(`no request fails; ${failed.length} did`, failed.length === 0);
  },
};

/** On a schema that is newer than they are. */
async function expectServing({ stage, expect }: Scene): Promise<void> {
  for (const { name, service } of stage.instances) {
    expect(`${name} is ready on a newer schema`, await isReady(service.url));
  }
}

async function migrateAsLater(url: string, release: number): Promise<void> {
  const now = Date.now();
  const column = `later_${now}`;
  const files = [
    `alter table sessions add column ${column} bytea;`,
    `alter table users add column ${column} integer default 0 not null;`,
    `create index concurrently "sessions_${column}" on "sessions" ("last_used_at");`,
  ];
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-later-'));
  try {
    await mkdir(join(folder, 'meta'));
    const entries = files.map((_, idx) => ({ when: now + idx, tag: `${release}${idx}_later` }));
    await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify({ entries }));
    for (const [idx, file] of files.entries()) {
      await writeFile(join(folder, `${release}${idx}_later.sql`), file);
    }
    await migrateDatabase(url, { folder, applicationName: APPLICATION, turn: BigInt(release) });
  } finally {
    await rm(folder, { recursive: true });
  }
}

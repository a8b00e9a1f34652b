/** What node_exporter's textfile collector reads of backups. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BACKUP_METRIC, noteBackup } from '../../backup/note-backup.ts';

test('each database has the time of its last backup, one after the other too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-collected-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const collected = join(folder, 'made');
  await noteBackup(collected, ['auth', 'user'], new Date(1_000_000));
  await noteBackup(collected, ['user'], new Date(2_500_000));

  const [file = '', ...others] = readdirSync(collected);
  expect(others).toEqual([]);
  expect(readFileSync(join(collected, file), 'utf8')).toBe(
    [
      `# HELP ${BACKUP_METRIC} When a database was last backed up, in seconds since 1970`,
      `# TYPE ${BACKUP_METRIC} gauge`,
      `${BACKUP_METRIC}{database="auth"} 1000`,
      `${BACKUP_METRIC}{database="user"} 2500`,
      '',
    ].join('\n'),
  );
  // node_exporter has a user of its own.
  expect(statSync(join(collected, file)).mode & 0o044).toBe(0o044);
});

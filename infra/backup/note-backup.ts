/**
 * When a database was last backed up, for the textfile collector of Prometheus's node_exporter: a command that ends has
 * no `/metrics`.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVICES_WITH_DATABASE, type Service } from './backup-file.ts';

export const BACKUP_METRIC = 'portcullis_backup_last_success_seconds';
const FILE = 'portcullis_backup.prom';

/**
 * Keeps what the file says of databases that were not backed up now. It is replaced in one step, and can be read by
 * everybody: it has times alone.
 *
 * @param folder of the collector, made where it is missing
 */
export async function noteBackup(
  folder: string,
  services: readonly Service[],
  madeAt: Date,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, FILE);
  const before = await readFile(file, 'utf8').catch(() => '');
  const lines = SERVICES_WITH_DATABASE.flatMap((service) => {
    const series = `${BACKUP_METRIC}{database="${service}"}`;
    if (services.includes(service)) return [`${series} ${madeAt.getTime() / 1_000}`];
    return before.split('\n').filter((line) => line.startsWith(series));
  });
  const head = [
    `# HELP ${BACKUP_METRIC} When a database was last backed up, in seconds since 1970`,
    `# TYPE ${BACKUP_METRIC} gauge`,
  ];
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, `${[...head, ...lines].join('\n')}\n`, { mode: 0o644 });
  await rename(partial, file);
}

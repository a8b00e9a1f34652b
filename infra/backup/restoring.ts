import type { DatabaseBackup, Service } from './backup-file.ts';
import type { Database } from './on-databases.ts';

export interface RestoreOptions {
  /** Of the backup. */
  readonly folder: string;
  readonly only: Service | undefined;
  /** Repeats what NATS has of the time after the backup. */
  readonly apply: boolean;
  /** Changes nothing. */
  readonly dryRun: boolean;
  /** Over a database that is in use, too. */
  readonly replace: boolean;
}

/** One database of a backup, and where it goes. */
export interface Restoring {
  readonly database: Database;
  readonly backup: DatabaseBackup;
  readonly env: NodeJS.ProcessEnv;
}

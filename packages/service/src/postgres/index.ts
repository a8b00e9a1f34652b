/** For services with a database of their own. */
export { awaitSchema } from './await-schema.ts';
export { migrateDatabase, type MigrateOptions } from './migrate-database.ts';
export { MigrationFailed } from './migration-failed.ts';
export { readMigrations, type Migration } from './migrations.ts';
export { probeDatabase } from './probe.ts';
export { postgresTls } from '../tls/peer-tls.ts';
export { createSchemaCheck, requireSchema, type Schema } from './schema-check.ts';

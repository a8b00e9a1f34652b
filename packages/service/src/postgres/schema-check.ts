/**
 * Whether the database has the schema that this program knows. One that lacks migrations cannot be served:
 * columns are missing. One that has more can: a release is migrated under the one before it, which goes on
 * serving while instances are replaced, and when they are put back. A migration that the release before
 * cannot serve beside says so, as a comment on the list: `needs 0012_name`.
 */
import type { Sql } from 'postgres';
import * as z from 'zod';
import { ConfigurationError } from '../config/read-config.ts';
import { NotReady } from '../not-ready.ts';
import type { Logger } from '../logger.ts';
import { appliedMigrations } from './list-of-migrations.ts';
import { readMigrations } from './migrations.ts';

export interface Schema {
  readonly sql: Sql;
  /** Where drizzle-kit writes the migrations. */
  readonly folder: string;
  /** What applies them, as it is typed. */
  readonly command: string;
}

const comment = z.object({ needs: z.string().nullable() });
const NEEDS = /^needs (\w+)$/;

interface Comparison {
  /** Why it cannot be served, with the one thing to do next. */
  readonly problem: string | undefined;
  /** Migrations that this program does not know. */
  readonly unknown: number;
}

async function compare({ sql, folder, command }: Schema): Promise<Comparison> {
  const known = await readMigrations(folder);
  const applied = await appliedMigrations(sql);
  if (applied === undefined) return { problem: `no schema yet: run ${command}`, unknown: 0 };
  const missing = known.filter(({ when }) => !applied.has(when)).map(({ tag }) => tag);
  const unknown = applied.size - (known.length - missing.length);
  if (missing.length > 0) {
    return { problem: `its schema lacks ${missing.join(', ')}: run ${command}`, unknown };
  }
  if (unknown === 0) return { problem: undefined, unknown };
  const [row] = await sql`
    select obj_description('drizzle.__drizzle_migrations'::regclass, 'pg_class') as needs`;
  const needed = NEEDS.exec(comment.parse(row).needs ?? '')?.[1];
  const served = needed === undefined || known.some(({ tag }) => tag === needed);
  return {
    problem: served ? undefined : `its schema needs a release that has ${needed}: start that one`,
    unknown,
  };
}

/** @returns a readiness check, which logs what it finds as often as that changes */
export function createSchemaCheck(schema: Schema, logger: Logger): () => Promise<void> {
  let last: string | undefined;
  return async () => {
    const { problem, unknown } = await compare(schema);
    const found = problem ?? (unknown > 0 ? 'newer' : 'known');
    if (found !== last) {
      if (problem !== undefined) logger.error({ problem }, 'cannot serve on this database');
      else if (unknown > 0) {
        logger.warn({ unknown }, 'the database has migrations of a later release');
      }
      last = found;
    }
    if (problem !== undefined) throw new NotReady(problem);
  };
}

/** @throws ConfigurationError that names the command, for a database that this program cannot work on */
export async function requireSchema(schema: Schema): Promise<void> {
  const { problem } = await compare(schema);
  if (problem !== undefined) throw new ConfigurationError([`DATABASE_URL: ${problem}`]);
}

/** Migrations as drizzle-kit writes them: a journal, and a file of SQL for each of its entries. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const journal = z.object({ entries: z.array(z.object({ tag: z.string(), when: z.number() })) });
/** What drizzle-kit puts between two statements. */
const BREAKPOINT = '--> statement-breakpoint';
const CONCURRENTLY = /^\s*create\s+(?:unique\s+)?index\s+concurrently\s+"?(\w+)"?\s+on\s/i;

export interface Migration {
  readonly tag: string;
  /** Its moment, in milliseconds: what the list in the database knows it by. */
  readonly when: number;
  /** The hash of its file, as drizzle's own migrator writes it. */
  readonly hash: string;
  readonly statements: readonly string[];
  /**
   * The indexes that it makes `CONCURRENTLY`, one for each statement: it runs outside of transactions,
   * and can be run again. Undefined: it is one transaction.
   */
  readonly indexes: readonly string[] | undefined;
}

/** @throws Error for a file that does both */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const text = await readFile(join(folder, 'meta', '_journal.json'), 'utf8');
  const { entries } = journal.parse(JSON.parse(text));
  return await Promise.all(
    entries.map(async ({ tag, when }) => {
      const file = await readFile(join(folder, `${tag}.sql`), 'utf8');
      const statements = file.split(BREAKPOINT).filter((statement) => statement.trim() !== '');
      const hash = createHash('sha256').update(file).digest('hex');
      return { tag, when, hash, statements, indexes: indexesOf(tag, statements) };
    }),
  );
}

function indexesOf(tag: string, statements: readonly string[]): string[] | undefined {
  const indexes = statements.flatMap((statement) => CONCURRENTLY.exec(statement)?.[1] ?? []);
  if (indexes.length === 0) return undefined;
  if (indexes.length === statements.length) return indexes;
  throw new Error(
    `${tag}: an index is made concurrently outside of transactions; give it a file of its own`,
  );
}

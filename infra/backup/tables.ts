import type { Sql } from 'postgres';

/** Rows of each table, by its name with its schema. */
export type RowCounts = Readonly<Record<string, number>>;

/** What a database holds that was migrated and never used. */
const MADE_BY_MIGRATE = new Set([
  'drizzle.__drizzle_migrations',
  'public.access_mapping',
  'public.audit_head',
  'public.clients',
  'public.issuer',
  'public.log_head',
]);
export const MIGRATIONS = 'drizzle.__drizzle_migrations';

/** Exact, as the snapshot of this connection has them. */
export async function countRows(sql: Pick<Sql, 'unsafe'>): Promise<RowCounts> {
  const tables = await sql.unsafe<{ name: string }[]>(`
    select format('%I.%I', nspname, relname) as name
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'p') and relpersistence <> 't'
      and nspname !~ '^pg_' and nspname <> 'information_schema'
    order by 1`);
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await sql.unsafe<{ rows: string }[]>(`select count(*) as rows from ${name}`);
    counts[name] = Number(row?.rows);
  }
  return counts;
}

/** @returns a line for each table that is not as it is to be */
export function differences(expected: RowCounts, found: RowCounts): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].toSorted();
  return names.flatMap((name) => {
    const [wanted, there] = [expected[name], found[name]];
    if (wanted === there) return [];
    if (there === undefined) return [`${name} is missing`];
    if (wanted === undefined) return [`${name} is in no backup.json`];
    return [`${name} has ${there} rows, and ${wanted} by backup.json`];
  });
}

export function isUsed(counts: RowCounts): boolean {
  return Object.entries(counts).some(([name, rows]) => rows > 0 && !MADE_BY_MIGRATE.has(name));
}

/** A row for each table that has rows in either. */
export function besideEachOther(present: RowCounts, backup: RowCounts): string {
  const names = [...new Set([...Object.keys(present), ...Object.keys(backup)])].toSorted();
  const rows = names
    .map((name) => [name, present[name] ?? 0, backup[name] ?? 0] as const)
    .filter(([, now, then]) => now > 0 || then > 0)
    .map(([name, now, then]) => `  ${name.padEnd(32)} ${cell(now)} ${cell(then)}`);
  return [`  ${'rows of'.padEnd(32)} ${cell('now')} ${cell('backup')}`, ...rows].join('\n');
}

const cell = (value: number | string): string => String(value).padStart(10);

export const totalOf = (counts: RowCounts): number =>
  Object.values(counts).reduce((sum, rows) => sum + rows, 0);

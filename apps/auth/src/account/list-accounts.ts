import type { Administration } from '@portcullis/api';
import { userId } from '@portcullis/contracts/schemas';
import { and, asc, eq, gt, like, ne, or, sql, type SQL } from 'drizzle-orm';
import * as z from 'zod';
import type { Database, Transaction } from '../database/database.ts';
import { folded } from '../database/folded.ts';
import { users } from '../database/schema/index.ts';
import { planned } from '../database/planned.ts';
import { mayHold } from '../database/search-vector.ts';
import { accountOfRow } from '../users/account-of-row.ts';
import { findAccounts } from './find-accounts.ts';

type List = Administration['accounts']['list'];
type Filters = Parameters<List>[1];

/** In one snapshot: of those that were found none is gone when they are read. */
const ONE_SNAPSHOT = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const;

/** Pages in the order of the ids, which is the order of registration: a page never shifts. */
export function createListAccounts(database: Database): List {
  return async (_call, filters) => {
    const { limit } = filters;
    const rows = await database.transaction(
      async (tx) => await rowsOf(tx, filters, limit + 1),
      ONE_SNAPSHOT,
    );
    const page = rows.slice(0, limit).map(accountOfRow);
    return {
      users: page,
      next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  };
}

/** By a whole id, or a part of an address or a name. */
async function rowsOf(tx: Transaction, { query, status, role, cursor }: Filters, most: number) {
  const page = (condition: SQL | undefined) =>
    tx
      .select()
      .from(users)
      .where(and(inStatus(status), condition))
      .orderBy(asc(users.id))
      .limit(most);

  const after = cursor === undefined ? undefined : gt(users.id, cursor);
  const ofRole = role === undefined ? undefined : withRole(role);
  const id = userId.safeParse(query);
  if (id.success) return await page(and(eq(users.id, id.data), ofRole, after));
  const part = query === undefined ? undefined : await searchedFor(tx, query);
  if (part === undefined && ofRole === undefined) {
    return await planned(tx, 'inOrder', () => page(after));
  }
  const found = await findAccounts(tx, {
    indexed: and(part?.indexed, ofRole, inStatus(status)),
    exact: and(part?.exact, ofRole, inStatus(status)),
    after: cursor ?? '',
    most,
  });
  return await planned(tx, 'byIndex', () => page(sql`${users.id} = any(${sql.param(found)})`));
}

/** As the index of those who are disabled names them: a parameter would not do. */
function inStatus(status: Filters['status']): SQL {
  if (status === 'disabled') return sql`${users.status} = 'disabled'`;
  return status === undefined ? ne(users.status, 'deleted') : eq(users.status, status);
}

/** As the index of roles names them. */
function withRole(role: string): SQL {
  return sql`${users.roles} <> '{}' and ${users.roles} @> array[${role}]::text[]`;
}

async function searchedFor(tx: Transaction, query: string) {
  const address = query.normalize('NFKC').toLowerCase();
  const name = ASCII.test(query) ? address : await foldedName(tx, query);
  return {
    indexed: mayHold(users, [...new Set([address, name])]),
    exact: or(
      like(users.emailKey, `%${literal(address)}%`),
      sql`strpos(${folded(users.name)}, ${name}) > 0`,
    ),
  };
}

const ASCII = /^[\x20-\x7e]*$/;
const foldedRow = z.object({ text: z.string() });

/** By the database, as the names: another Unicode would fold other letters. */
async function foldedName(tx: Transaction, query: string): Promise<string> {
  const [row] = await tx.execute(sql`select ${folded(query)} as text`);
  return foldedRow.parse(row).text;
}

/** What `like` would read as a wildcard stands for itself. */
function literal(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

import type { Administration } from '@portcullis/api';
import { userId } from '@portcullis/contracts/schemas';
import { and, asc, eq, gt, like, ne, or, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { folded } from '../database/folded.ts';
import { users } from '../database/schema/index.ts';
import { accountOfRow } from '../users/account-of-row.ts';

/** Pages in the order of the ids, which is the order of registration: a page never shifts. */
export function createListAccounts(database: Database): Administration['accounts']['list'] {
  return async (_call, { query, status, role, cursor, limit }) => {
    const rows = await database
      .select()
      .from(users)
      .where(
        and(
          status === undefined ? ne(users.status, 'deleted') : eq(users.status, status),
          role === undefined ? undefined : sql`${role} = any(${users.roles})`,
          cursor === undefined ? undefined : gt(users.id, cursor),
          query === undefined ? undefined : matching(query),
        ),
      )
      .orderBy(asc(users.id))
      .limit(limit + 1);
    const page = rows.slice(0, limit).map(accountOfRow);
    return {
      users: page,
      next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  };
}

/** A whole id, or a part of an address or a name. */
function matching(query: string) {
  const id = userId.safeParse(query);
  if (id.success) return eq(users.id, id.data);
  const address = query.normalize('NFKC').toLowerCase();
  return or(
    like(users.emailKey, `%${literal(address)}%`),
    sql`strpos(${folded(users.name)}, ${folded(query)}) > 0`,
  );
}

/** What `like` would read as a wildcard stands for itself. */
function literal(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

/**
 * A page of accounts that fulfil a condition, in the order of their ids, in a time that depends little on how
 * many accounts there are and how many fulfil it.
 *
 * An index finds few quickly, and the accounts in their order show many quickly; which of them it is, the
 * planner guesses, and a wrong guess takes seconds. So nothing is left to guess:
 *
 * 1. near: some accounts from the cursor on. Where one of a hundred is sought, a page is full.
 * 2. sample: what the index names, up to so many candidates. If these are all, the page is made of them.
 * 3. far: they are many, so some more accounts from the cursor on.
 * 4. bounded: they are many, and not near. All that the index names, but no further than the end of the page
 *    that the sample gave: others may come before it, and none after it is wanted.
 *
 * Whether a candidate fulfils the condition is looked at in the order of the page, and only until that is full:
 * folding a name costs more than all else.
 */
import type { UserId } from '@portcullis/contracts';
import { userId } from '@portcullis/contracts/schemas';
import { sql, type SQL } from 'drizzle-orm';
import * as z from 'zod';
import type { Transaction } from '../database/database.ts';
import { planned } from '../database/planned.ts';
import { users } from '../database/schema/index.ts';

/** Accounts. */
const NEAR = 2_000;
const FAR = 4_000;
const CANDIDATES = 5_000;

export interface Sought {
  /** Fulfilled by every account that is sought, and answered by an index. */
  readonly indexed: SQL | undefined;
  /** Fulfilled by the accounts that are sought, and by no other. */
  readonly exact: SQL | undefined;
  /** An id, or nothing for the first page. */
  readonly after: string;
  readonly most: number;
}

const walked = z.array(z.object({ id: userId }));
const named = z.object({ ids: z.array(userId), candidates: z.int() });

/** @returns ids, the first after the cursor; fewer than the most where there are no more */
export async function findAccounts(tx: Transaction, sought: Sought): Promise<UserId[]> {
  const { most } = sought;
  const near = await walk(tx, sought, NEAR);
  if (near.length === most) return near;
  const sample = await candidates(tx, sought, CANDIDATES);
  if (sample.candidates < CANDIDATES) return sample.ids;
  const far = await walk(tx, sought, FAR);
  if (far.length === most) return far;
  const upTo = sample.ids.length === most ? sample.ids.at(-1) : undefined;
  const bounded = await candidates(tx, { ...sought, upTo });
  return bounded.ids;
}

/** Through the accounts in their order; ends when it has enough. */
async function walk(tx: Transaction, sought: Sought, accounts: number): Promise<UserId[]> {
  const { exact, after, most } = sought;
  const statement = sql`
    select ${users.id} from (
      select * from ${users} where ${users.id} > ${after} order by ${users.id} limit ${accounts}
    ) as ${users} where ${exact} order by ${users.id} limit ${most}`;
  const rows = await planned(tx, 'inOrder', () => tx.execute(statement));
  return walked.parse(Array.from(rows)).map(({ id }) => id);
}

interface Bounded extends Sought {
  readonly upTo?: UserId | undefined;
}

/**
 * @param atMost so many of those that the index names, whichever it names first; all unless given
 * @returns how many they were, and the first of them that are sought
 */
async function candidates(
  tx: Transaction,
  { indexed, exact, after, most, upTo }: Bounded,
  atMost?: number,
) {
  const end = upTo === undefined ? sql`` : sql`and ${users.id} <= ${upTo}`;
  const limited = atMost === undefined ? sql`` : sql`limit ${atMost}`;
  // The range is in a `case`, so that the index of ids is not taken instead.
  const statement = sql`
    with candidates as materialized (
      select * from ${users} where ${indexed} and case when ${users.id} > ${after} ${end} then true else false end ${limited}
    )
    select (select count(*)::int from candidates) as candidates, array(
      select ${users.id} from (select * from candidates order by id offset 0) as ${users}
      where ${exact} limit ${most}
    ) as ids`;
  const [row] = await planned(tx, 'byIndex', () => tx.execute(statement));
  return named.parse(row);
}

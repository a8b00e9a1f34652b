/** What is asked of auth at each size, for accounts from all over the table. */
import type { Sql } from 'postgres';
import type { Stand } from '../part.ts';
import { logIn, readTokens, tokenOf, type Account, type Tokens } from '../users.ts';
import { forgetStatements, statementTimes, type StatementTime } from './statement-times.ts';

export const OPERATIONS = ['logins', 'refreshes', 'session-lists', 'logouts'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What one operation takes in the database: all statements together that each request makes. */
export interface OperationTime {
  readonly ms: number;
  readonly statements: readonly StatementTime[];
}

/** Of one size, by round. */
export interface SizeTimes {
  readonly sessions: number;
  readonly rounds: readonly Record<Operation, OperationTime>[];
}

const AT_ONCE = 4;

/**
 * Each of the accounts logs in, refreshes, lists its sessions and logs out; what they do together comes one after the
 * other, so that the database's time is known of each.
 *
 * @param sql to the database of the subject
 * @throws Error for the first answer that is no success
 */
export async function timeOperations(
  stand: Stand,
  sql: Sql,
  accounts: readonly Account[],
): Promise<Record<Operation, OperationTime>> {
  const held = new Array<Tokens>();
  const { caller } = stand;
  const timed = async (work: (place: number) => Promise<void>): Promise<OperationTime> => {
    await forgetStatements(sql);
    await forAll(accounts.length, work);
    // What auth does for many requests together, and of itself, is called less often.
    const statements = await statementTimes(sql, accounts.length);
    const total = statements.reduce((sum, { ms, calls }) => sum + ms * calls, 0);
    return { ms: total / accounts.length, statements };
  };
  return {
    logins: await timed(async (place) => {
      const account = accounts[place];
      if (account !== undefined) held[place] = await logIn(stand, account);
    }),
    refreshes: await timed(async (place) => {
      const body = { refresh_token: held[place]?.refresh_token };
      held[place] = readTokens(await caller.succeed({ method: 'POST', path: '/v1/refresh', body }));
    }),
    'session-lists': await timed(async (place) => {
      await caller.succeed({ method: 'GET', path: '/v1/sessions', token: tokenOf(held, place) });
    }),
    logouts: await timed(async (place) => {
      const token = tokenOf(held, place);
      await caller.succeed({ method: 'POST', path: '/v1/logout', token, body: {} });
    }),
  };
}

async function forAll(count: number, work: (place: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let place = next++; place < count; place = next++) await work(place);
    }),
  );
}

/**
 * Breaks the glass: ends all access of every user and machine client at once. Auth may be running.
 *
 *   cut → sessions, a thousand at a time → cut
 *
 * The first cut raises the generation of the issuer, in a transaction of milliseconds: every access
 * token of before it is refused everywhere, within S at the latest. Then the sessions of before it end,
 * so that no refresh token gives another; in short transactions that wait for no lock, because auth
 * goes on serving meanwhile. A session that was refreshed before its turn came has given a token of the
 * new generation, which nothing in the log would end: so the issuer is cut once more at the end. A user
 * who has logged in between the two cuts refreshes once.
 *
 * Invariant: when this has returned, nothing that was given out before the first cut gives access, and
 * no session of after it has ended. If it is killed half way, the operator runs it again.
 */
import type { EventId } from '@portcullis/contracts';
import { and, asc, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { issuer, revocationLog, sessions } from '../database/schema/index.ts';
import type { Cause, Change, WithChange } from '../change/unit-of-work.ts';

const AT_ONCE = 1_000;
/** A row that another transaction holds is passed over and tried again after this. Milliseconds. */
const AGAIN_MS = 50;

export interface BrokenGlass {
  /** The issuer's generation from now on. */
  generation: number;
  sessions: number;
  /** When the last cut was made, by the database's clock. */
  at: Date;
}

const BY_OPERATOR: Cause = {
  actor: { kind: 'system', id: 'break-glass' },
  requestId: 'break-glass',
  address: null,
};

export async function breakGlass(
  database: Database,
  withChange: WithChange,
  pause: (milliseconds: number) => Promise<void>,
): Promise<BrokenGlass> {
  const { result: first } = await withChange(BY_OPERATOR, (change) => cut(change, {}));
  let ended = 0;
  for (;;) {
    ended += await endInOrder(database, first.event);
    if (!(await isAnyLeft(database, first.event))) break;
    await pause(AGAIN_MS);
  }
  const { result: last } = await withChange(BY_OPERATOR, (change) =>
    cut(change, { sessions: ended }),
  );
  return { generation: last.generation, sessions: ended, at: last.at };
}

interface Revocation {
  event: EventId;
  generation: number;
  at: Date;
}

async function cut(
  { tx, revoke, audit }: Change,
  detail: Record<string, unknown>,
): Promise<Revocation> {
  const [row] = await tx
    .update(issuer)
    .set({ generation: sql`${issuer.generation} + 1` })
    .returning({
      generation: issuer.generation,
      at: sql<number>`(extract(epoch from clock_timestamp()) * 1000)::float8`,
    });
  if (row === undefined) throw new Error('the issuer has no row: run the migration first');
  const { generation } = row;
  const event = await revoke({ kind: 'issuer', key: 'issuer', generation }, 'break_glass');
  const target = { kind: 'issuer', id: 'issuer' };
  await audit({ action: 'issuer.cut', target, detail: { generation, ...detail } });
  return { event, generation, at: new Date(row.at) };
}

/** Those that were open at the cut. */
function openAt(database: Database, cutBy: EventId): SQL {
  const at = database
    .select({ at: revocationLog.occurredAt })
    .from(revocationLog)
    .where(eq(revocationLog.id, cutBy));
  return sql`${sessions.endedAt} is null and ${sessions.createdAt} <= (${at})`;
}

/** One pass over the table by its key, so that no row is looked at twice. @returns how many have ended */
async function endInOrder(database: Database, cutBy: EventId): Promise<number> {
  let ended = 0;
  let after = '';
  for (;;) {
    const some = await database
      .select({ id: sessions.id })
      .from(sessions)
      .where(and(openAt(database, cutBy), sql`${sessions.id} > ${after}`))
      .orderBy(asc(sessions.id))
      .limit(AT_ONCE);
    const last = some.at(-1);
    if (last === undefined) return ended;
    const free = database
      .select({ id: sessions.id })
      .from(sessions)
      .where(
        and(
          openAt(database, cutBy),
          sql`${sessions.id} > ${after} and ${sessions.id} <= ${last.id}`,
        ),
      )
      .for('update', { skipLocked: true });
    const { count } = await database
      .update(sessions)
      .set({ endedAt: sql`clock_timestamp()`, endedBy: cutBy })
      .where(inArray(sessions.id, free));
    ended += count;
    after = last.id;
  }
}

async function isAnyLeft(database: Database, cutBy: EventId): Promise<boolean> {
  const left = await database
    .select({ id: sessions.id })
    .from(sessions)
    .where(openAt(database, cutBy))
    .limit(1);
  return left.length > 0;
}

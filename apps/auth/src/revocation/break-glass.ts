/**
 * Breaks the glass: everybody and every machine is out, at once. Auth may be running.
 *
 *   cut → sessions, some hundred at a time → cut
 *
 * The first cut raises the generation of the issuer, in a transaction of milliseconds: every access token
 * of before it is refused everywhere, within S at the latest. Then the sessions of before it end, so that
 * no refresh token gives another; in short transactions that wait for nobody's lock, because auth goes on
 * serving meanwhile. A session that was refreshed before its turn came has given a token of the new
 * generation, which nothing in the log would end: so the issuer is cut once more at the end. Whoever has
 * logged in between the two refreshes once.
 *
 * Invariant: when this has returned, nothing that was given out before the first cut lets anybody in, and
 * no session of after it has ended. If it is killed half way, it is run again.
 */
import type { EventId } from '@portcullis/contracts';
import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../postgres/database.ts';
import { issuer, revocationLog, sessions } from '../postgres/schema/index.ts';
import type { Cause, Change, MakeChange } from './change.ts';

const AT_ONCE = 500;
/** A row that somebody holds is passed over, and looked at again after this. Milliseconds. */
const AGAIN_MS = 50;

export interface BrokenGlass {
  /** Of the issuer, from now on. */
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
  makeChange: MakeChange,
  pause: (milliseconds: number) => Promise<void>,
): Promise<BrokenGlass> {
  const { result: first } = await makeChange(BY_OPERATOR, (change) => cut(change, {}));
  let ended = 0;
  for (;;) {
    const { taken, left } = await endSome(database, first.event);
    ended += taken;
    if (left === 0) break;
    if (taken === 0) await pause(AGAIN_MS);
  }
  const { result: last } = await makeChange(BY_OPERATOR, (change) =>
    cut(change, { sessions: ended }),
  );
  return { generation: last.generation, sessions: ended, at: last.at };
}

interface Cut {
  event: EventId;
  generation: number;
  at: Date;
}

async function cut({ tx, revoke, audit }: Change, detail: Record<string, unknown>): Promise<Cut> {
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

const counts = z.object({ left: z.number() });

/** Of the sessions that were there at the cut. */
async function endSome(
  database: Database,
  event: EventId,
): Promise<{ taken: number; left: number }> {
  const cutAt = database
    .select({ at: revocationLog.occurredAt })
    .from(revocationLog)
    .where(eq(revocationLog.id, event));
  const due = and(isNull(sessions.endedAt), sql`${sessions.createdAt} <= (${cutAt})`);
  const some = database
    .select({ id: sessions.id })
    .from(sessions)
    .where(due)
    .orderBy(asc(sessions.id))
    .limit(AT_ONCE)
    .for('update', { skipLocked: true });
  const { count: taken } = await database
    .update(sessions)
    .set({ endedAt: sql`clock_timestamp()`, endedBy: event })
    .where(inArray(sessions.id, some));
  if (taken === AT_ONCE) return { taken, left: AT_ONCE };
  const [row] = await database
    .select({ left: sql<number>`count(*)::float8` })
    .from(sessions)
    .where(due);
  return { taken, left: counts.parse(row).left };
}

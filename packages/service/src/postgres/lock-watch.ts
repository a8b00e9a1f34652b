/**
 * Looks at a migration from another connection: who holds what it waits for, and whether requests wait
 * for it. A migration that others wait for longer than is allowed is cancelled, and tried again later.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import * as z from 'zod';

const INTERVAL_MS = 100;
/** Most migrations are over before there is anything to see. */
const FIRST_LOOK_MS = 100;

const holder = z.object({
  pid: z.number(),
  application: z.string(),
  role: z.string().nullable(),
  state: z.string().nullable(),
  seconds: z.number().nullable(),
});

export interface LockWatch {
  /** Those that it waited for when it was last seen to wait, as one line; no statement of theirs. */
  readonly holders: string | undefined;
  stop(): Promise<void>;
}

/**
 * @param pid of the backend that migrates
 * @param longestMs for which others may wait for it; undefined: it makes no other wait
 */
export function watchLocks(sql: Sql, pid: number, longestMs: number | undefined): LockWatch {
  const over = new AbortController();
  let holders: string | undefined;
  const look = async (): Promise<void> => {
    await sleep(FIRST_LOOK_MS, undefined, { signal: over.signal });
    while (!over.signal.aborted) {
      holders = (await holdersOf(sql, pid)) ?? holders;
      if (longestMs !== undefined) await cancelIfWaitedFor(sql, pid, longestMs);
      await sleep(INTERVAL_MS, undefined, { signal: over.signal });
    }
  };
  // What it cannot see it does not say; the bounds of the server hold without it.
  const looking = look().catch(() => undefined);
  return {
    get holders() {
      return holders;
    },
    async stop() {
      over.abort();
      await looking;
    },
  };
}

async function holdersOf(sql: Sql, pid: number): Promise<string | undefined> {
  const rows = await sql`
    select a.pid, a.application_name as application, a.usename as role, a.state,
      floor(extract(epoch from clock_timestamp() - a.xact_start))::float8 as seconds
    from pg_stat_activity a where a.pid = any(pg_blocking_pids(${pid})) order by a.xact_start`;
  if (rows.length === 0) return undefined;
  return rows
    .map((row) => {
      const { pid: who, application, role, state, seconds } = holder.parse(row);
      const name = application === '' ? 'unnamed' : application;
      const since = seconds === null ? '' : `, its transaction began ${seconds} s ago`;
      return `pid ${who} (${name}, role ${role ?? 'unknown'}, ${state ?? 'unknown'}${since})`;
    })
    .join('; ');
}

async function cancelIfWaitedFor(sql: Sql, pid: number, longestMs: number): Promise<void> {
  await sql`
    select pg_cancel_backend(${pid}) where exists (
      select from pg_locks l
      where not l.granted and l.pid <> ${pid}
        and l.waitstart < clock_timestamp() - ${`${longestMs} milliseconds`}::interval
        and ${pid} = any(pg_blocking_pids(l.pid))
    )`;
}

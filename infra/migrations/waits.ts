/** How long requests wait for the migration, as the server says: for nothing else, however busy it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { z } from 'zod';

const INTERVAL_MS = 25;
const row = z.object({ waited: z.number().nullable(), deadlocks: z.number() });

export interface Waits {
  /** The longest that was seen, in milliseconds. */
  readonly longest: number;
  stop(): Promise<void>;
}

/** @param name the application that migrates */
export function watchWaits(sql: Sql, name: string): Waits {
  let longest = 0;
  let stopped = false;
  const look = async (): Promise<void> => {
    while (!stopped) {
      const [found] = await sql`
        select (extract(epoch from max(clock_timestamp() - l.waitstart)) * 1000)::float8 as waited,
          0 as deadlocks
        from pg_locks l
        where not l.granted and exists (
          select from pg_stat_activity a
          where a.application_name = ${name} and a.pid <> l.pid
            and a.pid = any(pg_blocking_pids(l.pid))
        )`;
      longest = Math.max(longest, row.parse(found).waited ?? 0);
      await sleep(INTERVAL_MS);
    }
  };
  const looking = look();
  return {
    get longest() {
      return longest;
    },
    async stop() {
      stopped = true;
      await looking;
    },
  };
}

/** That the server has found in this database, ever. */
export async function deadlocks(sql: Sql): Promise<number> {
  await sql`select pg_stat_clear_snapshot()`;
  const [found] = await sql`
    select null as waited, deadlocks::int from pg_stat_database where datname = current_database()`;
  return row.parse(found).deadlocks;
}

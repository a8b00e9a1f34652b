/**
 * Single-use values: the `jti`s of client assertions (RFC 7523 section 3) and of DPoP proofs (RFC 9449
 * section 11.1), over all instances and restarts. In Postgres, since "not seen before" must never be a
 * guess: without it the answer is 503.
 *
 * Invariant: of any number of calls with the same proof, one returns true.
 */
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { usedProofs } from '../database/schema/index.ts';

export interface Proof {
  use: 'client-assertion' | 'dpop';
  /** Who has made it: the ids of two makers do not collide. */
  maker: string;
  jti: string;
  /** Seconds since the epoch from which it is refused for its age, by any clock of ours. */
  refusedFrom: number;
}

/** @returns whether this was the first use */
export type ReplayStore = (proof: Proof) => Promise<boolean>;

/** Rows that go with each that comes, so that what has expired never piles up. */
const CLEARED_AT_ONCE = 4;
/** Seconds by which the clocks of the instances and of the database may differ. */
const CLOCK_MARGIN_S = 60;

export function createReplayStore(database: Database): ReplayStore {
  return async ({ use, maker, jti, refusedFrom }) => {
    const hash = createHash('sha256')
      .update(JSON.stringify([use, maker, jti]))
      .digest();
    const spent = await database
      .insert(usedProofs)
      .values({ hash, expiresAt: new Date((refusedFrom + CLOCK_MARGIN_S) * 1_000) })
      .onConflictDoNothing()
      .returning({ hash: usedProofs.hash });
    if (spent.length === 0) return false;
    await database.execute(sql`
      delete from ${usedProofs} where hash in (
        select hash from ${usedProofs} where expires_at < clock_timestamp()
        order by expires_at limit ${CLEARED_AT_ONCE} for update skip locked)`);
    return true;
  };
}

import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** For the numbering to be waiting for the lock; the lock is waited for no longer than a second. */
const WAITING_MS = 300;

export const pausedWhileNumbering: Fault = {
  name: 'paused-while-numbering',
  about: "an instance is paused with the log's head in its hands",
  async run({ stage, traffic, anInstance, endUnder, excusing, expect, lasting }) {
    const victim = anInstance();
    const { token } = await traffic.newSession();
    // Half of all questions go to an instance that stands still.
    await excusing(stage.verifiers, async () => {
      await stage.log.sql.begin(async (tx) => {
        await tx`select from log_head for update`;
        void endUnder(victim, token);
        await sleep(WAITING_MS);
        victim.service.pause();
      });
      // The lock is free now, and the next in turn has it: an instance that stands still, too.
      await sleep(100);
      const holders = await stage.log.sql`
        select from pg_stat_activity where datname = current_database()
          and state = 'idle in transaction' and query like '%log_head for update%'`;
      expect('it held the head', holders.length > 0);
      await sleep(lasting);
      victim.service.resume();
    });
  },
};

import type { Fault, Scene } from '../fault.ts';
import { comesToHave } from '../stage/backends.ts';
import type { Instance } from '../stage/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const STATEMENT = 'log_head for update';
/** The lock is not waited for for long, so the moment may be missed on a busy machine. */
const ATTEMPTS = 5;
const WAITING_MS = 5_000;
const HOLDING_MS = 1_000;

export const pausedWhileNumbering: Fault = {
  name: 'paused-while-numbering',
  about: "an instance is paused with the log's head in its hands",
  takes: ({ lasting }) => lasting + 1_000,
  async run(scene) {
    const { stage, anInstance, excusing, expect, lasting } = scene;
    const victim = anInstance();
    // Half of all questions go to an instance that stands still.
    await excusing(stage.verifiers, async () => {
      let held = false;
      for (let attempt = 0; attempt < ATTEMPTS && !held; attempt += 1) {
        held = await pauseWithHead(scene, victim);
        if (held) await sleep(lasting);
        victim.service.resume();
      }
      expect('it held the head', held);
    });
  },
};

/** @returns whether it got the lock that it was waiting for when it was paused */
async function pauseWithHead(scene: Scene, victim: Instance): Promise<boolean> {
  const { stage, traffic, endUnder } = scene;
  const { token } = await traffic.newSession();
  await stage.log.sql.begin(async (tx) => {
    await tx`select from log_head for update`;
    void endUnder(victim, token);
    await comesToHave(stage, victim, { statement: STATEMENT, state: 'waiting' }, WAITING_MS);
    victim.service.pause();
  });
  // The lock is free now, and the next in turn has it: an instance that stands still, too.
  return await comesToHave(stage, victim, { statement: STATEMENT, state: 'idle' }, HOLDING_MS);
}

import type { Fault } from '../fault.ts';
import { goBack, headOf, placesOf } from '../stage/log-position.ts';
import { insertFiller } from './filler-rows.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** By so much the log goes back: more than is revoked meanwhile. */
const LOST = 1_000;
const LOGOUTS = 4;
/** For the verifiers to come as far as the log, or to begin again. Milliseconds. */
const COMING_MS = 30_000;
const POLL_MS = 50;

export const positionBeyondHead: Fault = {
  name: 'position-beyond-head',
  about: 'the log goes back under the same epoch while verifiers run on and get no push',
  takes: ({ maxStalenessMs }) => 6 * maxStalenessMs,
  async run({ stage, traffic, anInstance, endUnder, excusing, striking, expect, maxStalenessMs }) {
    for (const { nats } of stage.verifiers) nats.pause();
    await striking('deaf', stage.verifiers, async () => {
      await sleep(maxStalenessMs / 2);
      const backup = await headOf(stage);
      await insertFiller(stage, LOST);
      const asFar = await comesTrue(async () => {
        const places = await placesOf(stage);
        return places.length > 0 && places.every(({ position }) => position >= backup + LOST);
      });
      expect('every verifier was as far as the log', asFar);
      const former = (await placesOf(stage)).map(({ incarnation }) => incarnation);
      // The next answer makes them resynchronise; in between they cannot say.
      await excusing(stage.verifiers, async () => {
        await goBack(stage, backup);
        const begunAgain = await comesTrue(async () => {
          const now = (await placesOf(stage)).map(({ incarnation }) => incarnation);
          return now.length > 0 && !now.some((incarnation) => former.includes(incarnation));
        });
        expect('every verifier began again', begunAgain);
        expect('the log was behind where they had been', (await headOf(stage)) < backup + LOST);
      });
      for (let n = 0; n < LOGOUTS; n += 1) {
        const { token } = await traffic.newSession();
        await endUnder(anInstance(), token, 10_000);
      }
      await sleep(maxStalenessMs + 500);
    });
    for (const { nats } of stage.verifiers) nats.resume();
  },
};

async function comesTrue(holds: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + COMING_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

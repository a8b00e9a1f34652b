import type { Fault } from '../fault.ts';
import { insertFiller, removeFiller } from './filler-rows.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** More than an answer carries. */
const ROWS = 1_500;
const LOGOUTS = 3;

export const unnumberedBeyondAPage: Fault = {
  name: 'unnumbered-beyond-a-page',
  about:
    'more rows wait for positions than an answer carries, and no push comes; no verifier is excused',
  takes: ({ lasting, maxStalenessMs }) => lasting + 1.5 * maxStalenessMs,
  async run({ stage, traffic, anInstance, endUnder, striking, lasting, expect, maxStalenessMs }) {
    for (const { nats } of stage.verifiers) nats.pause();
    await striking('deaf', stage.verifiers, async () => {
      await stage.log.sql.begin(async (tx) => {
        await tx`select from log_head for update`;
        await insertFiller(stage, ROWS);
        for (let n = 0; n < LOGOUTS; n += 1) {
          const { token } = await traffic.newSession();
          void endUnder(anInstance(), token);
        }
        await sleep(lasting);
        const [row] = await stage.log.sql<{ waiting: number }[]>`
          select count(*)::int as waiting from revocation_log where position is null`;
        expect('rows beyond a page waited for positions', (row?.waiting ?? 0) > ROWS);
        await removeFiller(stage);
      });
      await sleep(maxStalenessMs);
    });
    for (const { nats } of stage.verifiers) nats.resume();
  },
};

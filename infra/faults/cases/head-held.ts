import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const headHeld: Fault = {
  name: 'head-held',
  about: "a transaction holds the log's head and does nothing; no verifier is excused",
  takes: ({ lasting }) => lasting,
  async run({ stage, lasting, expect }) {
    await stage.log.sql.begin(async (tx) => {
      await tx`select from log_head for update`;
      await sleep(lasting);
      await stage.log.look();
      expect(
        'rows waited for positions',
        stage.log.rows.some(({ position }) => position === null),
      );
    });
  },
};

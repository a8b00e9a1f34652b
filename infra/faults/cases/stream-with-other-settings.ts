import type { Fault } from '../fault.ts';
import { nanos } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { madeAgain, USUALLY_RESTORED_MS } from './streams-made-again.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** What auth gives its streams. */
const KEPT_DAYS = 14;
const CONSUMER = 'user';
/** Streams are made first. Milliseconds. */
const CONSUMER_MS = 15_000;

export const streamWithOtherSettings: Fault = {
  name: 'stream-with-other-settings',
  about:
    'one stream is set otherwise, the other is deleted; auth makes what is missing, no verifier is excused',
  takes: ({ lasting }) => USUALLY_RESTORED_MS + lasting,
  async run({ stage, expect, lasting }) {
    const { revocationStream, accountStream } = stage.subjects;
    await stage.onBus(async (_bus, manager) => {
      const { streams, consumers } = manager;
      const age = nanos(2 * KEPT_DAYS * DAY_MS);
      await streams.update(revocationStream, { max_age: age });
      await streams.delete(accountStream);
      expect('auth made the deleted stream again', await madeAgain(manager, [accountStream]));
      const deadline = performance.now() + CONSUMER_MS;
      const isMade = async (): Promise<boolean> =>
        await consumers.info(accountStream, CONSUMER).then(
          () => true,
          () => false,
        );
      while (!(await isMade()) && performance.now() < deadline) await sleep(100);
      expect('auth made its consumer again', await isMade());
      await sleep(lasting);
      const { config } = await streams.info(revocationStream);
      expect('what an operator has set was left alone', config.max_age === age);
      await streams.update(revocationStream, { max_age: nanos(KEPT_DAYS * DAY_MS) });
    });
  },
};

import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { madeAgain, streamsOf, USUALLY_RESTORED_MS } from './streams-made-again.ts';

export const streamsPurged: Fault = {
  name: 'streams-purged',
  about: 'the streams are purged, then deleted, under traffic; auth makes them again',
  takes: ({ lasting }) => USUALLY_RESTORED_MS + lasting,
  async run({ stage, random, expect, lasting }) {
    const { revocationStream, accountStream } = stage.subjects;
    const names = [revocationStream, accountStream];
    await stage.onBus(async (_bus, manager) => {
      expect('both were there', (await streamsOf(manager, names)).length === names.length);
      for (const name of names) await manager.streams.purge(name);
      await sleep(random.between(200, 800));
      for (const name of names) await manager.streams.delete(name);
      expect('one was gone', (await streamsOf(manager, names)).length < names.length);
      expect('auth made both streams again', await madeAgain(manager, names));
      // At once, where the next event cannot be stored; what is ended has to be shown after T + S too.
      await sleep(lasting);
    });
  },
};

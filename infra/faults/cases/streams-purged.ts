import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** Well over the ten seconds after which auth looks after its streams. */
const RESTORED_MS = 40_000;

export const streamsPurged: Fault = {
  name: 'streams-purged',
  about: 'the streams are purged, then deleted, under traffic; auth makes them again',
  async run({ stage, random, expect }) {
    const { revocationStream, accountStream } = stage.subjects;
    const names = [revocationStream, accountStream];
    await stage.onBus(async (_bus, { streams }) => {
      for (const name of names) await streams.purge(name);
      await sleep(random.between(200, 800));
      for (const name of names) await streams.delete(name);
      const deadline = performance.now() + RESTORED_MS;
      let found: string[] = [];
      while (performance.now() < deadline && found.length < names.length) {
        await sleep(100);
        found = [];
        for await (const { config } of streams.list()) {
          if (names.includes(config.name)) found.push(config.name);
        }
      }
      expect('auth made both streams again', found.length === names.length);
    });
  },
};

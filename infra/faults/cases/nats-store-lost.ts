import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { madeAgain, streamsOf, USUALLY_RESTORED_MS } from './streams-made-again.ts';

export const natsStoreLost: Fault = {
  name: 'nats-store-lost',
  about: 'NATS is killed and comes back with an empty disk; no verifier is excused',
  takes: ({ lasting }) => lasting + USUALLY_RESTORED_MS,
  async run({ stage, random, lasting, expect }) {
    const { revocationStream, accountStream } = stage.subjects;
    const names = [revocationStream, accountStream];
    stage.nats.kill('SIGKILL');
    await stage.nats.process.exited;
    await sleep(random.between(100, 1_000));
    const emptied = Date.now();
    await stage.nats.restartEmpty();
    await stage.onBus(async (_bus, manager) => {
      expect('auth made both streams again', await madeAgain(manager, names));
      for (const name of await streamsOf(manager, names)) {
        const { created } = await manager.streams.info(name);
        expect(`what ${name} held was gone`, Date.parse(created) >= emptied);
      }
    });
    await sleep(lasting);
  },
};

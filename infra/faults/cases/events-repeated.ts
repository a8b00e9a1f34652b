import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const ROUNDS = 6;

export const eventsRepeated: Fault = {
  name: 'events-repeated',
  about: 'everything that was pushed is pushed again, several times and in other orders',
  takes: ({ lasting }) => lasting,
  async run({ stage, random, lasting, expect }) {
    await stage.onBus(async (bus) => {
      const heard: { subject: string; data: Uint8Array }[] = [];
      const { pushes, numbered } = stage.subjects;
      const listening = [pushes, numbered].map((subject) =>
        bus.subscribe(subject, {
          callback: (_error, { subject: of, data }) => {
            heard.push({ subject: of, data });
          },
        }),
      );
      await sleep(lasting / 2);
      for (const subscription of listening) subscription.unsubscribe();
      expect('there were events to repeat', heard.length > 0);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const { subject, data } of random.shuffled([...heard, ...heard])) {
          bus.publish(subject, data);
        }
        await sleep(lasting / 2 / ROUNDS);
      }
    });
  },
};

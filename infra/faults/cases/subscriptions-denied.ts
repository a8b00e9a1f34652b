import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { allHeard, noneHeard, subscribedTo } from './subjects-heard.ts';

/** For the server to have ended every subscription. Milliseconds. */
const DENIED_MS = 500;

export const subscriptionsDenied: Fault = {
  name: 'subscriptions-denied',
  about:
    'a reload of NATS denies every subscription of the services, another allows them; no verifier is excused',
  takes: ({ lasting }) => DENIED_MS + lasting + 5_000,
  async run({ stage, lasting, striking, expect }) {
    const { nats, subjects } = stage;
    await stage.onBus(async (bus) => {
      expect('every subject was heard', await allHeard(bus, subjects));
      await nats.changeServiceUser({ denied: subscribedTo(subjects) });
      try {
        await sleep(DENIED_MS);
        expect('no subject was heard', await noneHeard(bus, subjects));
        await striking('deaf', stage.verifiers, async () => await sleep(lasting));
        expect('no subject was heard to the end', await noneHeard(bus, subjects));
      } finally {
        await nats.changeServiceUser({});
      }
      expect('every subject is heard again', await allHeard(bus, subjects));
    });
  },
};

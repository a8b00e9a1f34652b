import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { withOwnVerifier } from '../stage/own-verifier.ts';
import { allHeard, noneHeard } from './subjects-heard.ts';

/** For every service to have noticed, and to have been refused once. Milliseconds. */
const REFUSED_MS = 1_500;

export const natsLoginsRefused: Fault = {
  name: 'nats-logins-refused',
  about:
    'NATS comes back with another password, then with the right one; only a verifier without HTTP is excused',
  takes: ({ lasting }) => RESTART_MS + REFUSED_MS + lasting + 3_000,
  async run(scene) {
    const { stage, lasting, excusing, striking, expect, traffic, comesTo } = scene;
    const { nats, subjects } = stage;
    // It connects as the documents show, and has no other way to a grant.
    await withOwnVerifier(scene, {}, async (own) => {
      await excusing([own], async () => {
        await nats.changeServiceUser({ pass: 'another' });
        await nats.restart();
        try {
          await striking('deaf', stage.verifiers, async () => {
            await sleep(REFUSED_MS);
            await stage.onBus(async (bus) => {
              expect('no login was let in', await noneHeard(bus, subjects));
              await sleep(lasting);
              expect('no login was let in to the end', await noneHeard(bus, subjects));
            });
          });
        } finally {
          await nats.changeServiceUser({});
          await nats.restart();
        }
        await stage.onBus(async (bus) => {
          expect('every subscription came back', await allHeard(bus, subjects));
        });
      });
      const { token } = await traffic.newSession();
      await comesTo(own, token, 'accepted');
    });
  },
};

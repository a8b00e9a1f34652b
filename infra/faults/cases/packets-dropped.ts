import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { freePort, startTcpProxy } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespace, whyNoNamespaces } from '../stage/namespace.ts';
import { withOwnVerifier } from '../stage/own-verifier.ts';

export const packetsDropped: Fault = {
  name: 'packets-dropped',
  about: "in a network namespace, one verifier's packets to NATS vanish, without a reset",
  takes: ({ lasting }) => lasting + 2 * RESTART_MS,
  unavailable: whyNoNamespaces,
  async run(scene) {
    const { stage, traffic, actor, anInstance, lasting, ...more } = scene;
    const { endUnder, excusing, expect, comesTo, striking } = more;
    const ways = {
      nats: await startTcpProxy(stage.nats.url),
      auth: await startTcpProxy(stage.issuer),
    };
    const port = await freePort();
    const issuerPort = Number(new URL(stage.issuer).port);
    await using namespace = await createNamespace([ways.nats.port, issuerPort], port);
    const inside = { port, through: namespace.enter };
    const cut = async (verifier: (typeof stage.verifiers)[number]): Promise<void> => {
      const { token } = await traffic.newSession();
      await comesTo(verifier, token, 'accepted');
      // It asks for grants over NATS alone.
      await excusing([verifier], async () => {
        await namespace.drop(ways.nats.port);
        await endUnder(anInstance(), token, 300);
        await striking('struck', [verifier], async () => await sleep(lasting));
        const after = await actor.verify(verifier, token);
        expect('it could not tell any more', after.verdict === 'stale');
        await namespace.pass();
      });
      await comesTo(verifier, token, 'refused');
    };
    await withOwnVerifier(scene, inside, cut, ways);
  },
};

import type { Fault } from '../fault.ts';
import { newId } from '@portcullis/contracts';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * With what the user service may publish, an attacker confirms and deregisters in the name of the admin
 * service, which is cut off; and announces positions that auth has not given out.
 */
export const eventsForged: Fault = {
  name: 'events-forged',
  about: 'one service confirms and takes leave in the name of another, which is cut off',
  takes: ({ lasting }) => lasting + 1_000,
  async run({ stage, traffic, actor, anInstance, excusing, striking, lasting, expect, comesTo }) {
    const { subjects, log } = stage;
    const victim = stage.verifiers.find(({ name }) => name === 'admin');
    if (victim === undefined) throw new Error('there is no admin service');
    const registered = await log.sql<{ incarnation: string }[]>`
      select incarnation from verifiers where service = 'admin'`;
    await stage.onBus(async (bus) => {
      const publish = (subject: string, message: unknown): void =>
        bus.publish(subject, JSON.stringify({ version: 1, ...Object(message) }));
      bus.subscribe(subjects.revocations, {
        callback: (_error, message) => {
          const applied = [message.headers?.get('Nats-Msg-Id') ?? ''];
          for (const { incarnation } of registered) {
            publish(subjects.acknowledge('user'), { incarnation, applied });
          }
          publish(subjects.numbered, { epoch: newId('epo'), first: 1, ids: [newId('evt')] });
        },
      });
      await bus.flush();
      const { token } = await traffic.newSession();
      await excusing([victim], async () => {
        await comesTo(victim, token, 'accepted');
        for (const way of [victim.nats, victim.auth]) way.pause();
        for (const { incarnation } of registered) {
          publish(subjects.deregister('user'), { incarnation });
        }
        traffic.ended(token);
        const change = await actor.logOut(anInstance(), token, 500);
        await actor.verify(victim, token);
        const { receipt } = change;
        expect(
          'the receipt says that the admin service has not confirmed',
          receipt !== undefined && receipt.confirmed < receipt.expected,
        );
        await striking('struck', [victim], async () => await sleep(lasting));
        for (const way of [victim.nats, victim.auth]) way.resume();
      });
    });
  },
};

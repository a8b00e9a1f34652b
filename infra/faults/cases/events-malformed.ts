import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
const MESSAGES = [
  '',
  '{}',
  'null',
  '{"version":2,"kind":"session"}',
  '{"version":1,"id":"evt_1","kind":"session","key":"ses_1"}',
  '{"version":1,"epoch":"epo_1","first":-1,"ids":[]}',
  '{"__proto__":{"version":1}}',
  '\u0000',
  'x'.repeat(100_000),
  deep,
];

export const eventsMalformed: Fault = {
  name: 'events-malformed',
  about: 'noise on every subject of the bus; no verifier is excused, and none ends',
  takes: ({ lasting }) => lasting,
  async run({ stage, random, expect, lasting }) {
    const { subjects, instances, verifiers } = stage;
    const everywhere = [
      subjects.pushes,
      subjects.revocation('session'),
      subjects.revocation('subject'),
      subjects.numbered,
      subjects.grant('user'),
      subjects.acknowledge('user'),
      subjects.deregister('admin'),
      subjects.account('registered'),
    ];
    const before = [...instances, ...verifiers].map(({ service }) => service.process.pid);
    await stage.onBus(async (bus) => {
      const end = performance.now() + lasting;
      while (performance.now() < end) {
        bus.publish(random.pick(everywhere), random.pick(MESSAGES), { reply: 'unheard' });
        bus.publish(random.pick(everywhere), new Uint8Array([0xff, 0xfe, 0xc0]));
        await sleep(random.between(5, 40));
      }
    });
    const after = [...instances, ...verifiers].map(({ service }) => service.process);
    expect(
      'all go on',
      after.every(({ pid, running }, n) => running && pid === before[n]),
    );
  },
};

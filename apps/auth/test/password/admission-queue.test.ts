/** Who may run, who waits, who is turned away, and what those at the door have to do with it. */
import { Refusal } from '@portcullis/contracts';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { AdmissionQueue } from '../../src/password/admission-queue.ts';

const overloaded = { code: 'overloaded' };

/** Something that goes on until the test ends it. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait: async () => await opened, open };
}

it('runs so many hashes at once, queues so many in order, and rejects the rest', async () => {
  const turns = new AdmissionQueue(2, 2);
  const gates = [gate(), gate(), gate(), gate()];
  const begun: number[] = [];
  const all = gates.map(({ wait }, index) =>
    turns.run(async () => {
      begun.push(index);
      await wait();
    }),
  );
  await expect(turns.run(async () => undefined)).rejects.toMatchObject(overloaded);
  await turn();
  expect([turns.running, turns.waiting, begun]).toEqual([2, 2, [0, 1]]);
  gates[1]?.open();
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  for (const { open } of gates) open();
  await Promise.all(all);
  expect([turns.running, turns.waiting, begun]).toEqual([0, 0, [0, 1, 2, 3]]);
});

it('runs no precheck without a place in the queue, and keeps the place during the precheck', async () => {
  const turns = new AdmissionQueue(1, 2);
  const [door, work] = [gate(), gate()];
  let looked = 0;
  const visit = async () =>
    await turns.runAfter(async () => {
      looked += 1;
      await door.wait();
    }, work.wait);
  const all = [visit(), visit(), visit()];
  await expect(visit()).rejects.toMatchObject(overloaded);
  await expect(turns.run(work.wait)).rejects.toMatchObject(overloaded);
  expect(looked).toBe(3);
  door.open();
  await turn();
  expect([turns.running, turns.waiting]).toEqual([1, 2]);
  work.open();
  await Promise.all(all);
  expect([turns.running, turns.waiting]).toEqual([0, 0]);
});

it('gives the place of a refused precheck to the next', async () => {
  const turns = new AdmissionQueue(1, 0);
  const refused = turns.runAfter(
    async () => {
      throw new Refusal('rate_limited');
    },
    async () => 'never',
  );
  await expect(refused).rejects.toMatchObject({ code: 'rate_limited' });
  expect(
    await turns.runAfter(
      async () => 1,
      async (n) => n + 1,
    ),
  ).toBe(2);
});

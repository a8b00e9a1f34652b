/** When acknowledgements that are not confirmed are a problem, and when they are a restart of NATS. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Acknowledgements } from '../src/acknowledgements.ts';

function start() {
  const heard: string[] = [];
  const acknowledgements = new Acknowledgements({
    onLost: () => heard.push('lost'),
    onProblem: () => heard.push('problem'),
    onArrive: () => heard.push('arrive'),
  });
  /** @returns how NATS answers, or does not */
  const send = () => {
    const { promise, resolve, reject } = deferred();
    acknowledgements.send({ ackAck: () => promise });
    return {
      confirm: async () => {
        resolve(true);
        await turn();
      },
      lose: async () => {
        reject(new Error('timeout'));
        await turn();
      },
    };
  };
  return { heard, acknowledgements, send };
}

function deferred() {
  let resolve: (answer: boolean) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<boolean>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}

it('takes all that were under way at a restart of NATS for one timeout', async () => {
  const { heard, acknowledgements, send } = start();
  for (const sent of Array.from({ length: 10 }, send)) await sent.lose();
  expect(heard).toEqual(Array.from({ length: 10 }, () => 'lost'));
  expect(acknowledgements.problem).toBeUndefined();
  // One that was sent when the first were known to be lost is another.
  await send().lose();
  expect(acknowledgements.problem).toBe('timeout');
  await send().confirm();
  expect(acknowledgements.problem).toBeUndefined();
  expect(heard.slice(10)).toEqual(['lost', 'problem', 'arrive']);
});

it('makes no problem of one that is lost after a later one has arrived', async () => {
  const { acknowledgements, send } = start();
  await send().lose();
  const early = send();
  await send().confirm();
  await early.lose();
  await send().lose();
  expect(acknowledgements.problem).toBeUndefined();
  await send().lose();
  expect(acknowledgements.problem).toBe('timeout');
});

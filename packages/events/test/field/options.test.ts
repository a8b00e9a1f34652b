/** W7: a wrong option of a subscription is a TypeError that names it. */
import { expect, it } from 'vitest';
import { subscribeToEvents } from '../../src/index.ts';

const right = {
  // Never reached: each call below is refused before it listens.
  connection: { request() {}, status() {} },
  durable: 'orders',
  handlers: { registered() {} },
};

const wrong: Record<string, unknown[]> = {
  connection: [undefined, {}, 'nats://127.0.0.1'],
  prefix: ['', 'a b', 7],
  durable: [undefined, '', 'a.b', 7],
  handlers: [undefined, {}, { registred() {}, registered() {} }, { registered: 'log' }],
  ignored: ['revocations', [7]],
  onUnknown: ['log'],
  makeConsumers: ['yes'],
  handledWithin: [0, '60', Number.NaN],
  logger: [{}, 7],
};

it.each(Object.entries(wrong))(
  'W7: a wrong %s of a subscription is a TypeError that names it',
  async (name, values) => {
    for (const value of values) {
      let got: unknown;
      try {
        subscribeToEvents({ ...right, [name]: value } as never);
      } catch (error) {
        got = error;
      }
      expect(got).toBeInstanceOf(TypeError);
      expect(String(got)).toMatch(new RegExp(`\\b${name}\\b.*has to be `));
    }
  },
);

import { describe, expect, it } from 'vitest';
import { parseBusAddress } from '../src/bus/credentials.ts';
import { Disposal } from '../src/index.ts';

describe('Disposal', () => {
  it('gives back in reverse, all of it, and reports what failed', async () => {
    const order: string[] = [];
    const owned = new Disposal();
    owned.defer(() => order.push('first'));
    owned.defer(() => {
      throw new Error('second');
    });
    owned.use({ [Symbol.dispose]: () => order.push('third') });
    owned.use({ [Symbol.asyncDispose]: async () => void order.push('fourth') });
    await expect(owned[Symbol.asyncDispose]()).rejects.toThrow(AggregateError);
    expect(order).toEqual(['fourth', 'third', 'first']);
    await owned[Symbol.asyncDispose]();
    expect(order).toHaveLength(3);
    expect(() => owned.defer(() => undefined)).toThrow('already disposed');
  });
});

describe('parseBusAddress', () => {
  it.each([
    ['nats://127.0.0.1:4222', { servers: ['nats://127.0.0.1:4222'] }],
    [
      'nats://user:p%40ss@bus:4222,nats://other:4223',
      { servers: ['nats://bus:4222', 'nats://other:4223'], user: 'user', pass: 'p@ss' },
    ],
    [
      'tls://token@[::1]:4222',
      {
        servers: ['tls://[::1]:4222'],
        token: 'token',
        tls: expect.objectContaining({ rejectUnauthorized: true }),
      },
    ],
  ])('%s', (url, expected) => {
    expect(parseBusAddress(url)).toEqual(expected);
  });
});

/** W7: a wrong option of the SDK is a TypeError that names it. */
import { expect, it } from 'vitest';
import { createMachineClient, createPortcullisClient } from '../../src/index.ts';

const wrongAddresses = [undefined, 7, '', 'auth.example.com', 'ftp://auth.example.com'];
const address = 'https://auth.example.com';

const constructors: {
  of: string;
  make: (options: never) => unknown;
  right: object;
  wrong: Record<string, unknown[]>;
}[] = [
  {
    of: 'createPortcullisClient',
    make: createPortcullisClient,
    right: { auth: address, user: address, admin: address },
    wrong: {
      auth: wrongAddresses,
      user: wrongAddresses,
      admin: wrongAddresses,
      transport: ['header', 7],
      storage: [{}, 7],
      services: [7, null],
      dpop: [{}, 'key'],
      fetch: ['fetch'],
    },
  },
  {
    of: 'createMachineClient',
    make: createMachineClient,
    right: { authUrl: address, clientId: 'orders', clientSecret: 'x' },
    wrong: {
      authUrl: wrongAddresses,
      clientId: [undefined, '', 7],
      clientSecret: [undefined, '', 7],
      dpop: [{}, 'key'],
      fetch: ['fetch'],
    },
  },
];

it.each(constructors)(
  'W7: each wrong option of $of is a TypeError that names it',
  ({ make, right, wrong }) => {
    const others: unknown[] = [];
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        let got: unknown;
        try {
          make({ ...right, [name]: value } as never);
        } catch (error) {
          got = error;
        }
        const text = got instanceof TypeError ? got.message : '';
        if (!new RegExp(`\\b${name}\\b.*has to be `).test(text)) {
          others.push({ option: name, value, got: String(got) });
        }
      }
    }
    expect(others).toEqual([]);
  },
);

/** W7: a wrong option of a public constructor is a TypeError that names it. */
import { createTestIssuer, MemoryRevocations } from '@portcullis/testkit';
import { expect, it } from 'vitest';
import { httpGrants, httpIntrospection } from '../../src/feeds/http/index.ts';
import {
  createVerifier,
  withFallback,
  type Clock,
  type GrantSource,
  type RevocationFeed,
} from '../../src/index.ts';
import { natsFeed } from '../../src/feeds/nats/index.ts';

type Make = (options: never) => unknown;

interface Ways {
  first: RevocationFeed;
  second: GrantSource;
  clock: Clock;
}

/** Each option with values that it cannot have; what is not named is right. */
interface Constructor {
  of: string;
  make: Make;
  right: Record<string, unknown>;
  wrong: Record<string, unknown[]>;
}

const feed = new MemoryRevocations().feed();
const credentials = { authUrl: 'http://127.0.0.1:9', clientId: 'orders', clientSecret: 'x' };
const wrongCredentials = {
  authUrl: [undefined, 7, 'auth', 'http://auth.example.com', 'ftp://localhost'],
  clientId: [undefined, '', 7],
  clientSecret: [undefined, '', 7],
  fetch: ['fetch'],
};
const connection = { subscribe() {}, request() {}, publish() {} };

const constructors: Constructor[] = [
  {
    of: 'createVerifier',
    make: createVerifier,
    right: {
      issuer: 'http://127.0.0.1:9',
      audience: 'urn:a',
      service: 'orders',
      feed,
    },
    wrong: {
      issuer: [undefined, 7, 'auth.example.com/x', 'http://auth.example.com'],
      audience: [undefined, '', 7, ['urn:a']],
      service: [undefined, '', 7, 'My Service', 'a'.repeat(33)],
      feed: [undefined, {}, 'nats'],
      whenStale: [null, {}, { policy: 'wait' }, { policy: 'accept' }, { policy: 'introspect' }],
      maxTokenLifeSeconds: [0, 1.5, '60', Number.NaN],
      maxCachedTokens: [-1, 1.5, '60'],
      onMalformed: ['log'],
      jwksUrl: [7, 'keys', 'http://auth.example.com/keys'],
      clock: [{}, 7],
      fetch: ['fetch'],
    },
  },
  {
    of: 'natsFeed',
    make: natsFeed,
    right: { connection },
    wrong: {
      connection: [undefined, {}, 'nats://127.0.0.1'],
      prefix: ['', 'a b', 7],
      onClosed: ['log'],
      subscriptions: [{}, 7],
    },
  },
  { of: 'httpGrants', make: httpGrants, right: credentials, wrong: wrongCredentials },
  { of: 'httpIntrospection', make: httpIntrospection, right: credentials, wrong: wrongCredentials },
  {
    of: 'withFallback',
    make: ({ first, second, clock }: Ways) => withFallback(first, second, clock),
    right: { first: feed, second: httpGrants(credentials) },
    wrong: { first: [undefined, {}], second: [undefined, {}, feed.open], clock: [{}, 7] },
  },
  {
    of: 'createTestIssuer',
    make: createTestIssuer,
    right: {},
    wrong: { audience: ['', 7], now: [7], config: [null, 7, {}, { number: 1 }] },
  },
];

it.each(constructors)(
  'W7: each wrong option of $of is a TypeError that names it',
  async ({ make, right, wrong }) => {
    const others: unknown[] = [];
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const gone = await failureOf(make, { ...right, [name]: value });
        const text = gone instanceof TypeError ? gone.message : '';
        const namesIt = new RegExp(`\\b${name}\\b.*has to be `).test(text);
        if (!namesIt) others.push({ option: name, value, got: String(gone) });
      }
    }
    expect(others).toEqual([]);
  },
);

async function failureOf(make: Make, options: Record<string, unknown>): Promise<unknown> {
  try {
    const made = await make(options as never);
    if (typeof made === 'object' && made !== null && Symbol.asyncDispose in made) {
      const dispose: unknown = made[Symbol.asyncDispose];
      if (typeof dispose === 'function') await Reflect.apply(dispose, made, []);
    }
    return 'nothing';
  } catch (error) {
    return error;
  }
}

/** What is parsed stands, though the parser holds bytes in the same places for every token. */
import { newId } from '@portcullis/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseToken } from '../src/index.ts';
import { parseForThisTurn } from '../src/token/parse.ts';

const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');

const parts = fc.record({
  alg: fc.constantFrom('ES256', 'RS256', 'EdDSA'),
  payload: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
  signature: fc.uint8Array({ maxLength: 300 }),
});

interface Parts {
  readonly alg: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly signature: Uint8Array;
}

function tokenOf({ alg, payload, signature }: Parts): string {
  const header = JSON.stringify({ alg, kid: newId('key'), typ: 'at+jwt' });
  return [header, JSON.stringify(payload), signature].map(base64url).join('.');
}

it('a token that was parsed stays as it was, whatever is parsed after it', () => {
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 6 }), (all) => {
      const tokens = all.filter(({ payload }) => !Object.hasOwn(payload, '__proto__'));
      const parsed = tokens.map((each) => ({ each, token: parseToken(tokenOf(each)) }));
      for (const { each, token } of parsed) {
        expect([...token.signature]).toEqual([...each.signature]);
        expect(token.payload).toEqual(each.payload);
        expect(token.alg).toBe(each.alg);
      }
    }),
  );
});

it('for this turn, it is its own until the next one, of any length', () => {
  fc.assert(
    fc.property(fc.array(parts, { minLength: 2, maxLength: 6 }), (all) => {
      for (const each of all.filter(({ payload }) => !Object.hasOwn(payload, '__proto__'))) {
        const { signature, payload } = parseForThisTurn(tokenOf(each));
        expect([...signature]).toEqual([...each.signature]);
        expect(payload).toEqual(each.payload);
      }
    }),
  );
});

it('a segment has one spelling, wherever it is', () => {
  const [header = '', payload = '', signature = ''] = tokenOf({
    alg: 'ES256',
    payload: { sub: 'anybody' },
    signature: Buffer.alloc(64, 0xfb),
  }).split('.');
  expect(signature).toMatch(/^-_v7.*w$/);
  const respelt = [
    `${signature}=`,
    `${signature}==`,
    ` ${signature}`,
    `${signature}\n`,
    signature.replace('-', '+'),
    signature.replace('_', '/'),
    signature.replace(/w$/, 'x'),
    signature.replace('v', String.fromCharCode(0x100 + 'v'.charCodeAt(0))),
    `${signature}AAA`,
    `${signature}.`,
  ];
  for (const wrong of respelt) {
    expect(() => parseToken([header, payload, wrong].join('.')), wrong).toThrow();
  }
  expect(parseToken([header, payload, signature].join('.')).signature).toHaveLength(64);
});

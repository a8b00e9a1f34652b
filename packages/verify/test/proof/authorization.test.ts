/** The `Authorization` header, whose every form is read as the grammar of RFC 9110 section 11.4 has it. */
import { Refusal } from '@portcullis/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAuthorization } from '../../src/proof/authorization.ts';

/** The same as an expression, which shows what is meant, and costs a request more. */
const GRAMMAR = /^(bearer|dpop) +(.*)$/is;

function read(sent: string | readonly string[] | undefined): object | string | undefined {
  try {
    return readAuthorization(sent);
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

const inAnyCase = (word: string): fc.Arbitrary<string> =>
  fc.mixedCase(fc.constant(word), { toggleCase: (letter) => letter.toUpperCase() });

const scheme = fc.oneof(
  inAnyCase('bearer'),
  inAnyCase('dpop'),
  fc.constantFrom('Bearer', 'DPoP', 'Bearers', 'Beare', 'Basic', ''),
);
const between = fc.constantFrom('', ' ', '  ', '   ', '\t', ' \t', '\u{A0}');
const rest = fc.oneof(fc.constantFrom('', 'a.b.c', 'a b', ' ', 'Bearer a.b.c'), fc.string());

describe('an Authorization header', () => {
  it('is read as the grammar has it, whatever is sent', () => {
    const header = fc
      .tuple(fc.constantFrom('', ' '), scheme, between, rest)
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(header, (sent) => {
        const [, named, token] = GRAMMAR.exec(sent) ?? [];
        const meant = named === undefined ? 'no_token' : { token, scheme: named.toLowerCase() };
        expect(read(sent)).toEqual(meant);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [undefined, 'no_token'],
    [['Bearer a.b.c', 'Bearer a.b.c'], 'several_tokens'],
    ['Bearer', 'no_token'],
    ['Bearer a.b.c', { token: 'a.b.c', scheme: 'bearer' }],
    ['dpop  a.b.c', { token: 'a.b.c', scheme: 'dpop' }],
  ])('%j is %j', (sent, meant) => {
    expect(read(sent)).toEqual(meant);
  });
});

/** Claims are read by hand: as the schemas of the contracts read them, whatever is brought. */
import { newId } from '@portcullis/contracts';
import { machineClaims, userClaims } from '@portcullis/contracts/schemas';
import { createForge, HOSTILE_TOKENS, LEGITIMATE_TOKENS, type Forge } from '@portcullis/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grammarToken } from '../fuzz/grammar-tokens.ts';
import { mutatedToken } from '../fuzz/mutated-tokens.ts';
import { Random } from '../fuzz/random.ts';
import { createSigner, type Signer } from '../fuzz/signer.ts';
import { readClaimsForm, wrongClaimsOf } from '../src/token/claims-form.ts';

const SEED = 20_261_122;

type Payload = Record<string, unknown>;

/** @returns whether both accept it; what is undefined is left out, as JSON does */
function judgedAlike(members: Payload): boolean {
  const payload = Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  );
  const schema = payload['sid'] === undefined ? machineClaims : userClaims;
  const { data: expected, error } = schema.safeParse(payload);
  expect(readClaimsForm(payload), JSON.stringify(payload)).toStrictEqual(expected);
  const wrong = new Set(error?.issues.map(({ path: [name] }) => name));
  expect(new Set(wrongClaimsOf(payload)), JSON.stringify(payload)).toEqual(wrong);
  return expected !== undefined;
}

/** @returns undefined when there is no object in it */
function payloadOf(token: string): Payload | undefined {
  const [, payload = ''] = token.split('.');
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.fromEntries(Object.entries(value));
  } catch {
    return undefined;
  }
}

const every = {
  iss: 'https://auth.example',
  aud: 'urn:a',
  exp: 2_000_000_000,
  iat: 1_999_999_400,
  jti: newId('tok'),
  client_id: 'cli_a',
  gen: 0,
  cgen: 1,
  igen: 2,
};
const user: Payload = {
  ...every,
  sub: newId('usr'),
  sid: newId('ses'),
  roles: ['support'],
  auth_time: 1_999_990_000,
  amr: ['pwd'],
};
const machine: Payload = { ...every, sub: 'cli_a', scope: 'users:read users:write' };
const optional = { nbf: 1_999_999_400, cnf: { jkt: 'a'.repeat(43) } };
const optionalOfUser = { ...optional, csgen: 3, acr: 'mfa' };
const NAMES = Object.keys({ ...user, ...machine, ...optionalOfUser, more: 1 });

const lists = (element: unknown, lengths: readonly number[]): unknown[] =>
  lengths.map((length) => Array.from({ length }, () => element));

/** Both sides of every bound that there is, for whichever claim. */
const EDGE_GROUPS: readonly (readonly unknown[])[] = [
  [undefined, null, true, false, {}, [], [[]], [null], [1], ['']],
  [-1, -0, 0, 0.5, 1, 1.5, 2 ** 31 - 1, 2 ** 31, 253_402_300_799, 253_402_300_800],
  [253_402_300_798.5, 2 ** 53 - 1, 2 ** 53, 1e300, '0', '1', '2000000000'],
  [0, 1, 16, 17, 128, 129, 256, 257, 512, 513, 1_024, 1_025].map((length) => 'x'.repeat(length)),
  // Two code units, one character.
  ['🌍'.repeat(8), `${'🌍'.repeat(8)}x`, 'Grüße', '\0'],
  lists('admin', [1, 16, 17]),
  lists('pwd', [8, 9]),
  [['x'.repeat(16)], ['x'.repeat(17)], ['x'.repeat(256)], ['x'.repeat(257)], ['support', 'root']],
  ['admin', ['Admin'], ['toString'], ['pwd', ''], ['urn:a', 1], ['urn:a', null]],
  (['usr', 'ses', 'tok', 'key', 'cli'] as const).flatMap((prefix) => {
    const id = newId(prefix);
    const body = id.slice(4);
    return [id, `${id} `, `${id}\n`, ` ${id}`, id.slice(0, -1), `${id}0`, id.toUpperCase(), [id]]
      .concat(`${prefix}_7${body.slice(1)}`, `${prefix}_8${body.slice(1)}`, `${prefix}${body}`)
      .concat(['i', 'l', 'o', 'u', 'é'].map((letter) => `${prefix}_${body.slice(0, -1)}${letter}`));
  }),
  ['cli_', 'cli_-', 'cli__a', 'cli_a-_9', 'cli_A', 'cli_a\n', 'cli_a.b', 'xcli_a'],
  [`cli_${'a'.repeat(48)}`, `cli_${'a'.repeat(49)}`],
  ['a', 'a b', 'a  b', ' a', 'a ', 'a"b', 'a\\b', 'a\nb', 'a\n', 'a\tb', '!#[]~', 'a\u007F', 'é'],
  [42, 43, 44].map((length) => ({ jkt: '-_Az09'.padEnd(length, 'x') })),
  [{ jkt: `${'x'.repeat(42)}+` }, { jkt: `${'x'.repeat(43)}\n` }, { jkt: 1 }, { jkt: null }],
  [{ jkt: ['x'.repeat(43)] }, { jkt: 'x'.repeat(43), 'x5t#S256': 'y' }, [{ jkt: 'x'.repeat(43) }]],
];
const EDGES = EDGE_GROUPS.flat();

describe('claims read by hand are those of the schemas', () => {
  it('with any one of them at the edge of what it may be', () => {
    let accepted = 0;
    let all = 0;
    for (const good of [
      user,
      machine,
      { ...user, ...optionalOfUser },
      { ...machine, ...optional },
    ]) {
      expect(judgedAlike(good)).toBe(true);
      for (const name of NAMES) {
        const { [name]: _without, ...rest } = good;
        judgedAlike(rest);
        for (const edge of EDGES) {
          all += 1;
          if (judgedAlike({ ...good, [name]: edge })) accepted += 1;
        }
      }
    }
    expect(accepted).toBeGreaterThan(all / 20);
    expect(accepted).toBeLessThan(all / 2);
  });

  it('with several of them anything', () => {
    const odd = fc.oneof(fc.constantFrom(...EDGES), fc.jsonValue());
    const mostly = (good: Payload) =>
      fc.record(
        Object.fromEntries(
          NAMES.map((name) => [
            name,
            fc.oneof(
              { weight: 24, arbitrary: fc.constant(good[name]) },
              { weight: 1, arbitrary: odd },
            ),
          ]),
        ),
      );
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(mostly(user), mostly(machine)), (payload) => {
        if (judgedAlike(payload)) accepted += 1;
      }),
      { seed: SEED, numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(500);
    expect(accepted).toBeLessThan(2_500);
  });
});

describe('and so are those of tokens:', () => {
  let signer: Signer;
  beforeAll(async () => {
    signer = await createSigner();
  });
  afterAll(() => signer[Symbol.asyncDispose]());

  function judgeAll(tokens: Iterable<string>): { read: number; accepted: number } {
    const outcome = { read: 0, accepted: 0 };
    for (const token of tokens) {
      const payload = payloadOf(token);
      if (payload === undefined) continue;
      outcome.read += 1;
      if (judgedAlike(payload)) outcome.accepted += 1;
    }
    return outcome;
  }

  it('hostile and legitimate ones', async () => {
    const forge = await createForge(signer.issuer);
    const made = (table: readonly { make: (forge: Forge) => string }[]) =>
      table.map(({ make }) => make(forge));
    expect(judgeAll(made(HOSTILE_TOKENS)).read).toBeGreaterThan(200);
    const { read, accepted } = judgeAll(made(LEGITIMATE_TOKENS));
    expect(read).toBe(LEGITIMATE_TOKENS.length);
    expect(accepted).toBe(read);
  });

  it('those of the fuzzer', () => {
    const random = new Random(SEED);
    const times = { now: 2_000_000_000 };
    const tokens = Array.from({ length: 2_000 }, () => grammarToken(random, signer, times));
    const kid = signer.issuer.kid;
    const mutated = tokens.map((token) => mutatedToken(random, signer, { token, kid }));
    for (const { read, accepted } of [judgeAll(tokens), judgeAll(mutated)]) {
      expect(accepted).toBeGreaterThan(200);
      expect(read - accepted).toBeGreaterThan(100);
    }
  });
});

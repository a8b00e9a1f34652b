/** Keys, key sets, vouches and the claims of proofs are read by hand: as these schemas would read them. */
import { generateKeyPairSync } from 'node:crypto';
import { KEY_VOUCH_TYPE, newId } from '@portcullis/contracts';
import { keyId } from '@portcullis/contracts/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { holdsSecret, readPublicKey } from '../src/jws/public-key.ts';
import { readKeySet } from '../src/keys/key-set.ts';
import { readKeyVouch } from '../src/keys/vouch.ts';
import { readDpopProof } from '../src/proof/dpop-proof.ts';

const SEED = 20_261_129;
const ISSUER = 'https://auth.example';

type Members = Readonly<Record<string, unknown>>;

const member = z.string().min(1).max(2_048);
const everyKey = {
  use: z.literal('sig').optional(),
  key_ops: z.array(z.literal('verify')).optional(),
};
const usableKey = z.discriminatedUnion('kty', [
  z.object({
    ...everyKey,
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    alg: z.literal('ES256').optional(),
    x: member,
    y: member,
  }),
  z.object({
    ...everyKey,
    kty: z.literal('RSA'),
    alg: z.literal('RS256').optional(),
    n: member,
    e: member,
  }),
  z.object({
    ...everyKey,
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    alg: z.enum(['EdDSA', 'Ed25519']).optional(),
    x: member,
  }),
]);
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(64) });
const vouchHeader = z.strictObject({
  alg: z.enum(['ES256', 'RS256', 'EdDSA']),
  typ: z.literal(KEY_VOUCH_TYPE),
  kid: keyId,
});
const seconds = z.int().min(1).max(253_402_300_799);
const vouchPayload = z.strictObject({
  iss: z.string(),
  iat: seconds,
  exp: seconds,
  jwk: z.looseObject({ kid: keyId }),
});
const proofClaims = z.object({
  jti: z.string().min(1).max(256),
  htm: z.string().max(32),
  htu: z.string().max(2_048),
  iat: z.number().min(1).max(253_402_300_799),
  ath: z.string().max(64).optional(),
  nonce: z.string().max(256).optional(),
});

const jwkOf = ({ publicKey }: ReturnType<typeof generateKeyPairSync>): Members => ({
  ...publicKey.export({ format: 'jwk' }),
});
const EC = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const RSA = jwkOf(generateKeyPairSync('rsa', { modulusLength: 2_048 }));
const OKP = jwkOf(generateKeyPairSync('ed25519'));
const KEYS: Members[] = [
  EC,
  RSA,
  OKP,
  { ...EC, use: 'sig', key_ops: ['verify'], alg: 'ES256' },
  { ...RSA, use: 'sig', key_ops: ['verify'], alg: 'RS256' },
  { ...OKP, use: 'sig', key_ops: [], alg: 'Ed25519' },
];

/** Both sides of every bound that there is, for whichever member. */
const EDGE_GROUPS: readonly (readonly unknown[])[] = [
  [null, true, {}, [], [[]], [null], [''], '', 'sig', 'enc', ['verify'], ['verify', 'sign']],
  ['EC', 'RSA', 'OKP', 'oct', 'P-256', 'P-384', 'Ed25519', 'EdDSA', 'ES256', 'RS256', 'HS256'],
  [-1, -0, 0, 0.5, 1, 1.5, 253_402_300_799, 253_402_300_799.5, 253_402_300_800, 1e300],
  [1, 32, 33, 64, 65, 256, 257, 2_048, 2_049].map((length) => 'x'.repeat(length)),
  [newId('key'), newId('usr'), KEY_VOUCH_TYPE, 'JWT', ISSUER, 'toString', '__proto__'],
  [{ kid: newId('key') }, { ...EC, kid: newId('key') }, { ...RSA, kid: 'mine' }, [EC]],
];
const EDGES = EDGE_GROUPS.flat();

/** Some of these members left out, replaced or added. */
function changed(good: readonly Members[], more: readonly string[]): fc.Arbitrary<Members> {
  const names = [...new Set(good.flatMap((members) => Object.keys(members))), ...more];
  const odd = fc.oneof(fc.constantFrom(...EDGES), fc.jsonValue(), fc.constant(undefined));
  const changes = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), odd), {
    maxLength: 3,
    selector: ([name]) => name,
  });
  return fc.tuple(fc.constantFrom(...good), changes).map(([members, list]) => {
    const copy = { ...members };
    for (const [name, value] of list) {
      Object.defineProperty(copy, name, { value, enumerable: true, configurable: true });
    }
    // As it arrives: what is undefined is left out.
    return JSON.parse(JSON.stringify(copy));
  });
}

function judge(members: fc.Arbitrary<Members>, alike: (members: Members) => boolean): void {
  let accepted = 0;
  const runs = 4_000;
  fc.assert(
    fc.property(members, (each) => {
      if (alike(each)) accepted += 1;
    }),
    { seed: SEED, numRuns: runs },
  );
  expect(accepted).toBeGreaterThan(runs / 20);
  expect(accepted).toBeLessThan(runs * 0.9);
}

const encoded = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

describe('read by hand as by a schema:', () => {
  it('a public key', () => {
    judge(changed(KEYS, ['use', 'key_ops', 'alg', 'd', 'more', '__proto__']), (jwk) => {
      const { data } = usableKey.safeParse(jwk);
      const isWhole = [EC, RSA, OKP].some((key) =>
        Object.keys(key).every((name) => jwk[name] === key[name]),
      );
      const key = readPublicKey(jwk);
      // What the schema accepts may still be no point of its curve.
      if (data === undefined || holdsSecret(jwk)) expect(key, JSON.stringify(jwk)).toBeUndefined();
      else if (isWhole) expect(key, JSON.stringify(jwk)).toBeDefined();
      return key !== undefined;
    });
  });

  it('a key set', () => {
    const lists = [[], [EC], [EC, RSA, OKP], Array.from({ length: 64 }, () => OKP)];
    const sets = [...lists, [...(lists.at(-1) ?? []), EC], [EC, null], [[]]].map((keys) => ({
      keys,
    }));
    judge(changed(sets, ['more']), (document) => {
      const isSet = keySet.safeParse(document).success;
      const read = () => readKeySet(document);
      if (isSet)
        expect(read, JSON.stringify(document)).not.toThrow(/key set of more|not a JWK set/);
      else expect(read, JSON.stringify(document)).toThrow(/key set of more|not a JWK set/);
      return isSet;
    });
    for (const document of EDGES) {
      if (keySet.safeParse(document).success) readKeySet(document);
      else expect(() => readKeySet(document)).toThrow('not a JWK set');
    }
  });

  it('a vouch', () => {
    const header = { alg: 'ES256', typ: KEY_VOUCH_TYPE, kid: newId('key') };
    const payload = {
      iss: ISSUER,
      iat: 1_700_000_000,
      exp: 1_700_000_600,
      jwk: { ...EC, kid: newId('key') },
    };
    const parts = fc.tuple(changed([header], ['more']), changed([payload], ['more']));
    judge(
      parts.map(([head, body]) => ({ head, body })),
      ({ head, body }) => {
        const signed = vouchHeader.safeParse(head).data;
        const said = vouchPayload.safeParse(body).data;
        const key = said === undefined ? undefined : readPublicKey(said.jwk);
        const isOne =
          signed !== undefined &&
          said?.iss === ISSUER &&
          key !== undefined &&
          said.exp > said.iat &&
          said.exp - said.iat <= 86_400;
        const vouch = readKeyVouch(`${encoded(head)}.${encoded(body)}.c2ln`, ISSUER);
        expect(vouch !== undefined, JSON.stringify({ head, body })).toBe(isOne);
        if (isOne) {
          const { iat, exp, jwk } = said;
          expect(vouch).toMatchObject({ iat, exp, signer: signed.kid, key: { kid: jwk.kid } });
        }
        return isOne;
      },
    );
  });

  it('the claims of a proof', () => {
    const header = encoded({ typ: 'dpop+jwt', alg: 'ES256', jwk: EC });
    const good = { jti: 'a', htm: 'GET', htu: 'https://api.example/', iat: 1_700_000_000 };
    const full = { ...good, ath: 'x'.repeat(43), nonce: 'n' };
    const expected = { method: 'GET', urls: [good.htu], now: 1_700_000_000, maxAge: 60 };
    judge(changed([good, full], ['more']), (payload) => {
      const { error } = proofClaims.safeParse(payload);
      const names = [...new Set(error?.issues.map(({ path: [name] }) => name))];
      const proof = `${header}.${encoded(payload)}.c2ln`;
      // A longer one is refused before it is read.
      fc.pre(proof.length <= 4_096);
      const read = () => readDpopProof(proof, expected);
      const form = 'the claims have another form';
      if (error === undefined) expect(read, JSON.stringify(payload)).not.toThrow(form);
      else expect(read, JSON.stringify(payload)).toThrow(`${form}: ${names.join(', ')}`);
      return error === undefined;
    });
  });
});

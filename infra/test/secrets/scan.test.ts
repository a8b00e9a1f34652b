/** A private key that stands somewhere is found by its form, of every kind and however it is written. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { scan } from './scan.ts';

const PAIRS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
  'RS256, 2048 bits': generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  'RS256, 3072 bits': generateKeyPairSync('rsa', { modulusLength: 3_072 }),
};

const found = (text: string): string[] => scan('here', text, new Map()).map(({ secret }) => secret);

function spellingsOf(key: KeyObject, types: readonly ('pkcs8' | 'sec1' | 'pkcs1' | 'spki')[]) {
  const jwk = key.export({ format: 'jwk' });
  const spellings: Record<string, string> = {
    JWK: JSON.stringify(jwk),
    'JWK, spaced': JSON.stringify(jwk, null, 2),
    'JWK within JSON': JSON.stringify({ key: JSON.stringify(jwk) }),
    'JWK within JSON within JSON': JSON.stringify(JSON.stringify({ key: JSON.stringify(jwk) })),
    'JWK, printed': inspect(jwk),
  };
  for (const type of types) {
    const pem = String(key.export({ format: 'pem', type }));
    spellings[`${type} PEM`] = pem;
    const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      spellings[`${type} DER, ${encoding}`] = der.toString(encoding);
    }
  }
  return spellings;
}

describe.each(Object.entries(PAIRS))('a private key for %s', (name, { privateKey, publicKey }) => {
  const old = name.startsWith('RS256')
    ? ['pkcs1' as const]
    : name === 'ES256'
      ? ['sec1' as const]
      : [];

  it.each(Object.entries(spellingsOf(privateKey, ['pkcs8', ...old])))(
    'is found as %s',
    (_, text) => {
      expect(found(`before ${text} after`)).not.toEqual([]);
    },
  );

  it.each(Object.entries(spellingsOf(publicKey, ['spki'])))(
    'is not taken for its public half as %s',
    (_, text) => {
      expect(found(`before ${text} after`)).toEqual([]);
    },
  );
});

it('a private key for ES256 is found without its public half, too', () => {
  const { d, crv, kty } = PAIRS.ES256.privateKey.export({ format: 'jwk' });
  // PKCS #8 around an ECPrivateKey that holds the secret alone (RFC 5915).
  const der = Buffer.concat([
    Buffer.from('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420', 'hex'),
    Buffer.from(d ?? '', 'base64url'),
  ]);
  const readable = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  expect(readable.export({ format: 'jwk' })).toMatchObject({ d, crv, kty });
  expect(found(der.toString('hex'))).not.toEqual([]);
  expect(found(der.toString('base64'))).not.toEqual([]);
});

it('an access token is found by its form, and the signed public key of a grant is no secret', () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (typ: string): string =>
    `${part({ alg: 'ES256', typ, kid: 'key_1' })}.${part({ iss: 'https://a.example' })}.c2lnbmF0dXJl`;
  expect(found(`keys: ["${token('portcullis-key+jwt')}"]`)).toEqual([]);
  expect(found(`["${token('portcullis-key+jwt')}","${token('at+jwt')}"]`)).toEqual([
    'an access token',
  ]);
});

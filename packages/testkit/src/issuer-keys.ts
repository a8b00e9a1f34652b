/** The keys of a test issuer: one signs, and the key set shows each that was not withdrawn. */
import { newId, type KeyId } from '@portcullis/contracts';
import {
  generateKeyPairSync,
  sign as signBytes,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

export type SigningAlgorithm = 'ES256' | 'RS256' | 'EdDSA';

interface Key {
  alg: SigningAlgorithm;
  privateKey: KeyObject;
  jwk: JsonWebKey;
}

export class IssuerKeys {
  readonly #keys = new Map<KeyId, Key>();
  readonly #published = new Set<KeyId>();
  #current: KeyId;

  constructor() {
    this.#current = this.rotate();
  }

  /** The key that signs now. */
  get current(): KeyId {
    return this.#current;
  }

  /** Signs with a new key from now on; the old ones stay in the key set. */
  rotate(alg: SigningAlgorithm = 'ES256'): KeyId {
    const kid = newId('key');
    this.#keys.set(kid, newKey(kid, alg));
    this.#published.add(kid);
    this.#current = kid;
    return kid;
  }

  /** Takes a key out of the key set. It can still sign. */
  withdraw(kid: KeyId): void {
    this.#published.delete(kid);
  }

  get(kid = this.#current): Key {
    const key = this.#keys.get(kid);
    if (key === undefined) throw new Error('this issuer never had that key');
    return key;
  }

  /** The key set, in the order in which the keys were made. */
  published(): JsonWebKey[] {
    return [...this.#keys].flatMap(([kid, { jwk }]) => (this.#published.has(kid) ? [jwk] : []));
  }

  /** In the form that JWS wants (RFC 7518 section 3.4 for ES256). */
  signatureOf(signed: string, kid?: KeyId): Buffer {
    const { alg, privateKey } = this.get(kid);
    const bytes = Buffer.from(signed);
    if (alg === 'EdDSA') return signBytes(null, bytes, privateKey);
    return signBytes('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  }
}

function newKey(kid: KeyId, alg: SigningAlgorithm): Key {
  const { privateKey, publicKey } = keyPairFor(alg);
  return { alg, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

function keyPairFor(alg: SigningAlgorithm) {
  switch (alg) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
  }
}

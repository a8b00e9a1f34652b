/** Keys of every algorithm, published by a real issuer, and what is signed with them. */
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import type { KeyId } from '@portcullis/contracts';
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Random } from './random.ts';

export type Bytes = string | Uint8Array;

export interface Signer extends AsyncDisposable {
  readonly issuer: TestIssuer;
  readonly kids: readonly KeyId[];
  /** By their ids. */
  readonly keys: ReadonlyMap<string, { alg: string; key: KeyObject }>;
  /** One of the keys; RSA seldom, whose signatures take ten times as long to make. */
  pick(random: Random): { kid: KeyId; alg: string };
  sign(header: Bytes, payload: Bytes, kid: KeyId): string;
}

export async function createSigner(): Promise<Signer> {
  const issuer = await createTestIssuer();
  issuer.revocations.maxStalenessMs = 300_000;
  const kids: { kid: KeyId; alg: string }[] = [{ kid: issuer.kid, alg: 'ES256' }];
  kids.push({ kid: await issuer.rotate('EdDSA'), alg: 'EdDSA' });
  const rsa = { kid: await issuer.rotate('RS256'), alg: 'RS256' };
  const keys = new Map(
    [...kids, rsa].map(({ kid, alg }) => [
      String(kid),
      { alg, key: createPublicKey({ key: issuer.publicJwk(kid), format: 'jwk' }) },
    ]),
  );
  return {
    issuer,
    kids: [...kids, rsa].map(({ kid }) => kid),
    keys,
    pick: (random) => (random.chance(0.03) ? rsa : random.pick(kids)),
    sign: (header, payload, kid) => issuer.signRaw(header, payload, kid),
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  };
}

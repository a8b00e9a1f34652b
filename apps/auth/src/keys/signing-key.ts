/** One key pair, one algorithm. The private half is readable only while it is being sealed. */
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { newId, type KeyId } from '@portcullis/contracts';
import { desc, getTableColumns, sql } from 'drizzle-orm';
import { exportJWK } from 'jose';
import * as z from 'zod';
import type { Queryable } from '../database/database.ts';
import { signingKeys } from '../database/schema/index.ts';
import type { Seal } from './seal.ts';

/** RFC 7518 section 3.1, RFC 8037 section 3.1. */
export const signingAlgorithm = z.enum(['ES256', 'RS256', 'EdDSA']);
export type SigningAlgorithm = z.infer<typeof signingAlgorithm>;

/** As strong as P-256 is (NIST SP 800-57 part 1, table 2). */
const RSA_BITS = 3_072;

const everyJwk = { kid: z.string(), use: z.literal('sig') };
/** The public half as it is published (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2). */
export const publicJwk = z.discriminatedUnion('kty', [
  z.strictObject({
    ...everyJwk,
    kty: z.literal('EC'),
    alg: z.literal('ES256'),
    crv: z.literal('P-256'),
    x: z.base64url(),
    y: z.base64url(),
  }),
  z.strictObject({
    ...everyJwk,
    kty: z.literal('RSA'),
    alg: z.literal('RS256'),
    n: z.base64url(),
    e: z.base64url(),
  }),
  z.strictObject({
    ...everyJwk,
    kty: z.literal('OKP'),
    alg: z.literal('EdDSA'),
    crv: z.literal('Ed25519'),
    x: z.base64url(),
  }),
]);
export type PublicJwk = z.infer<typeof publicJwk>;

/** What makes keys: under which key-encryption key, and for which algorithm. */
export interface KeyFactory {
  seal: Seal;
  algorithm: SigningAlgorithm;
}

export interface NewKey {
  kid: KeyId;
  alg: SigningAlgorithm;
  jwk: PublicJwk;
  sealed: Buffer;
}

const generate = promisify(generateKeyPair);

/**
 * Makes a key pair; the private half leaves this function sealed. Not to be waited for in a
 * transaction: an RSA key can take seconds.
 */
export async function makeKey({ seal, algorithm: alg }: KeyFactory): Promise<NewKey> {
  const kid = newId('key');
  const { privateKey, publicKey } = await pairFor(alg);
  const jwk = publicJwk.parse({ ...(await exportJWK(publicKey)), kid, use: 'sig', alg });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const sealed = seal.close(kid, der);
  der.fill(0);
  return { kid, alg, jwk, sealed };
}

async function pairFor(
  algorithm: SigningAlgorithm,
): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  switch (algorithm) {
    case 'ES256':
      return await generate('ec', { namedCurve: 'P-256' });
    case 'RS256':
      return await generate('rsa', { modulusLength: RSA_BITS });
    case 'EdDSA':
      return await generate('ed25519');
  }
}

const LAST_KILL_AT = sql<number>`
  (select coalesce(extract(epoch from max(killed_at)) * 1000, 0)::float8 from signing_keys)`;

export function openPrivateKey(seal: Seal, kid: KeyId, sealed: Buffer): KeyObject {
  return createPrivateKey({ key: seal.open(kid, sealed), format: 'der', type: 'pkcs8' });
}

/**
 * Keys that can still be needed, the newest first: those that sign or will, and the retired ones
 * until the last token that they can have signed has expired. Killed keys are gone; with each row
 * comes when the last of all was killed, in milliseconds since the epoch, and 0 for never.
 */
export async function readKeys(database: Queryable, keepSeconds: number) {
  return await database
    .select({ ...getTableColumns(signingKeys), lastKillAt: LAST_KILL_AT })
    .from(signingKeys)
    .where(
      sql`${signingKeys.killedAt} is null and (${signingKeys.retiredAt} is null
        or ${signingKeys.retiredAt} > clock_timestamp() - make_interval(secs => ${keepSeconds}))`,
    )
    .orderBy(desc(signingKeys.activeFrom), desc(signingKeys.kid));
}

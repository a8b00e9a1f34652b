/** One key pair, one algorithm. The private half is readable only while it is being sealed. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { KeyId } from '@portcullis/contracts';
import { desc, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queryable } from '../postgres/database.ts';
import { signingKeys } from '../postgres/schema/index.ts';
import type { Seal } from './seal.ts';

/** The public half as it is published (RFC 7517 section 4, RFC 7518 section 6.2.1). */
export const publicJwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.base64url(),
  y: z.base64url(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('ES256'),
});
export type PublicJwk = z.infer<typeof publicJwk>;

/** Makes a key pair; the private half leaves this function sealed. */
export function makeKeyPair(seal: Seal, kid: KeyId): { jwk: PublicJwk; sealed: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicJwk.parse({
    ...publicKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
    alg: 'ES256',
  });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const sealed = seal.close(kid, der);
  der.fill(0);
  return { jwk, sealed };
}

export function openPrivateKey(seal: Seal, kid: KeyId, sealed: Buffer): KeyObject {
  return createPrivateKey({ key: seal.open(kid, sealed), format: 'der', type: 'pkcs8' });
}

/**
 * Keys that can still be needed, the newest first: those that sign or will, and the retired ones
 * until the last token that they can have signed has expired. Killed keys are gone.
 */
export async function readKeys(database: Queryable, keepSeconds: number) {
  return await database
    .select()
    .from(signingKeys)
    .where(
      sql`${signingKeys.killedAt} is null and (${signingKeys.retiredAt} is null
        or ${signingKeys.retiredAt} > clock_timestamp() - make_interval(secs => ${keepSeconds}))`,
    )
    .orderBy(desc(signingKeys.activeFrom));
}

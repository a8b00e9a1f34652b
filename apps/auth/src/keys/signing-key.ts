/** One key pair, one algorithm. The private half is readable only while it is being sealed. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { newId, type KeyId } from '@portcullis/contracts';
import { desc, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queryable, Transaction } from '../postgres/database.ts';
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

/** The key with which tokens are signed at this moment, for use in a `select`. */
export const signingKid = sql<KeyId | null>`(
  select ${signingKeys.kid} from ${signingKeys}
  where ${signingKeys.killedAt} is null and ${signingKeys.activeFrom} <= clock_timestamp()
  order by ${signingKeys.activeFrom} desc, ${signingKeys.kid} desc limit 1)`;

/** Makes a key that signs from now on, and retires the one that did. */
export async function addSigningKey(tx: Transaction, seal: Seal): Promise<KeyId> {
  const kid = newId('key');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicJwk.parse({
    ...publicKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
    alg: 'ES256',
  });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  await tx
    .update(signingKeys)
    .set({ retiredAt: sql`clock_timestamp()` })
    .where(isNull(signingKeys.retiredAt));
  await tx.insert(signingKeys).values({
    kid,
    alg: 'ES256',
    publicJwk: jwk,
    sealedPrivateKey: seal.close(kid, der),
    activeFrom: sql`clock_timestamp()`,
  });
  der.fill(0);
  return kid;
}

export function openPrivateKey(seal: Seal, kid: KeyId, sealed: Buffer): KeyObject {
  return createPrivateKey({ key: seal.open(kid, sealed), format: 'der', type: 'pkcs8' });
}

/** Key of the advisory lock under which the set of signing keys changes. */
const KEYS_LOCK = 0x70_63_6b_79;

export async function lockKeys(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${KEYS_LOCK})`);
}

/**
 * Keys that can still be needed, the newest first: those that sign, and the retired ones until the
 * last token that they can have signed has expired. Killed keys are gone.
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

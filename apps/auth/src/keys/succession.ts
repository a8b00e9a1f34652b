/**
 * Which key signs when.
 *
 * A verifier that meets an unknown key fetches the key set, but not twice within some seconds; so a key
 * that signed as soon as it was made could meet a verifier that may not ask for it yet. A new key is
 * therefore published at once, and signs `PUBLISHED_AHEAD_SECONDS` later, when every verifier that
 * fetches has it. The old one signs until then.
 *
 * Invariant: the keys that sign now or later form a chain without a gap: each ends (`retired_at`)
 * when the next begins (`active_from`), and the last has no end. Only an emergency begins one at once.
 */
import type { KeyId } from '@portcullis/contracts';
import { and, isNull, ne, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '../database/database.ts';
import { signingKeys } from '../database/schema/index.ts';
import type { NewKey } from './signing-key.ts';

/** More than the 5 s between two fetches of a verifier, with what a cache may hold a set for. */
export const PUBLISHED_AHEAD_SECONDS = 10;

/** Key of the advisory lock under which the chain changes. */
const KEYS_LOCK = 0x70_63_6b_79;

const now = sql`clock_timestamp()`;
const notOver = sql`${signingKeys.killedAt} is null
  and (${signingKeys.retiredAt} is null or ${signingKeys.retiredAt} > ${now})`;

/** The key with which tokens are signed at this moment, for use in a `select`. */
export const signingKid = sql<KeyId | null>`(
  select ${signingKeys.kid} from ${signingKeys}
  where ${notOver} and ${signingKeys.activeFrom} <= ${now}
  order by ${signingKeys.activeFrom} desc, ${signingKeys.kid} desc limit 1)`;

export async function lockKeys(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${KEYS_LOCK})`);
}

/** Whether any key signs, or will. */
export async function hasSigner(database: Queryable): Promise<boolean> {
  const found = await database
    .select({ kid: signingKeys.kid })
    .from(signingKeys)
    .where(notOver)
    .limit(1);
  return found.length > 0;
}

/** Appends a new key to the chain. The caller holds the lock. */
export async function addSigningKey(
  tx: Transaction,
  { kid, alg, jwk, sealed }: NewKey,
  aheadSeconds: number,
): Promise<KeyId> {
  // Not before one that is to come: the chain has one order.
  const [row] = await tx
    .insert(signingKeys)
    .values({
      kid,
      alg,
      publicJwk: jwk,
      sealedPrivateKey: sealed,
      activeFrom: sql`greatest(
        ${now} + make_interval(secs => ${aheadSeconds}),
        (select max(active_from) from signing_keys where killed_at is null))`,
    })
    .returning({ activeFrom: signingKeys.activeFrom });
  if (row === undefined) throw new Error('the key was not inserted');
  await tx
    .update(signingKeys)
    .set({ retiredAt: sql`(select active_from from signing_keys where kid = ${kid})` })
    .where(and(isNull(signingKeys.retiredAt), ne(signingKeys.kid, kid)));
  return kid;
}

/**
 * Closes the gap that a key leaves: the first that is left signs from now on, though it may not be
 * known everywhere yet; where none is left, the spare one does.
 */
export async function closeGap(tx: Transaction, spare: NewKey): Promise<void> {
  const left = await tx.execute(sql`
    with chain as (
      select kid, lead(active_from) over in_order as next, row_number() over in_order as place
      from signing_keys where ${notOver}
      window in_order as (order by active_from, kid)
    )
    update signing_keys k
    set retired_at = c.next,
        active_from = case when c.place = 1 then least(k.active_from, ${now}) else k.active_from end
    from chain c where c.kid = k.kid
    returning k.kid`);
  if (left.length === 0) await addSigningKey(tx, spare, 0);
}

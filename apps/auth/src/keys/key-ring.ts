/**
 * This instance's copy of the signing keys.
 *
 * Which key signs is not decided here: the statement that checks the session names it, so that two
 * instances never disagree. The copy is read again on a key that it does not hold, and every few
 * seconds. A read may be joined only by those who asked before it began (timing/joined.ts).
 */
import { Refusal, type GrantedAccess, type KeyId } from '@portcullis/contracts';
import { keyId } from '@portcullis/contracts/schemas';
import type { Logger } from '@portcullis/service';
import type { VerificationKey } from '@portcullis/verify';
import type { Database } from '../database/database.ts';
import type { AccessPlace } from '../revocation/log.ts';
import { waitAtMost } from '../timing/wait-at-most.ts';
import { joined } from '../timing/joined.ts';
import { HeldKeys } from './held-keys.ts';
import { makeKey, type KeyFactory, type PublicJwk } from './signing-key.ts';
import { addSigningKey, hasSigner, lockKeys } from './succession.ts';

const RELOAD_MS = 5_000;
/** So long the set that is published may be waited for: less than a verifier gives it. */
const PUBLISHED_WITHIN_MS = 1_000;

export interface KeyRing extends Disposable {
  /** @throws Refusal `unavailable` when the key cannot be had */
  sign(kid: KeyId | null, claims: object): Promise<string>;
  /** Of those in memory. */
  held(kid: string): VerificationKey | undefined;
  /** Read again before "unknown" is said. */
  verificationKey(kid: string): Promise<VerificationKey | undefined>;
  /** The set as it is published; read now, or the last one while Postgres is unavailable. */
  published(): Promise<readonly PublicJwk[]>;
  /** The keys as they go with grants; of the last read. */
  vouches(): readonly string[];
  /**
   * What roles carry, as it goes with grants, as of this reading of the database or of a later one: read again where
   * it is older.
   *
   * @throws Refusal `unavailable` where it cannot be had
   */
  access(atLeast: AccessPlace): Promise<GrantedAccess>;
  reload(): Promise<void>;
}

/**
 * Opens the ring, and makes the first key where there is none.
 *
 * @throws SealError when the keys were sealed with another key-encryption key
 */
export async function openKeyRing(
  database: Database,
  { issuer, ...keyFactory }: KeyFactory & { issuer: string },
  logger: Logger,
): Promise<KeyRing> {
  const held = new HeldKeys(database, { seal: keyFactory.seal, issuer });
  const reload = joined(() => held.load());
  await makeFirstKey(database, keyFactory);
  await held.load();
  const timer = setInterval(() => {
    reload().catch((error: unknown) => logger.warn({ err: error }, 'signing keys not read'));
  }, RELOAD_MS);
  timer.unref();

  return {
    reload,
    async sign(kid, claims) {
      if (kid === null) throw new Refusal('unavailable', { retryAfter: 1 });
      if (held.get(kid) === undefined) await reload();
      const key = held.get(kid);
      // It was killed since the session was checked: the caller tries again, with the next one.
      if (key === undefined) throw new Refusal('unavailable', { retryAfter: 1 });
      return await key.sign(claims);
    },
    held: (kid) => held.get(kid)?.verification,
    async verificationKey(kid) {
      // What is not even a name of a key costs no query.
      if (held.get(kid) === undefined && keyId.safeParse(kid).success) await reload();
      return held.get(kid)?.verification;
    },
    async published() {
      const read = reload().catch((error: unknown) => {
        logger.warn({ err: error }, 'signing keys not read; the last set is published');
      });
      // A Postgres that stands still gives no error either, and verifiers wait.
      await waitAtMost(PUBLISHED_WITHIN_MS, read);
      return held.published;
    },
    vouches: () => held.vouches,
    // SPEC.md A12: another instance may have made a later mapping count, or killed the key that signed it.
    async access(atLeast) {
      if (held.access(atLeast) === undefined) await reload();
      const access = held.access(atLeast);
      if (access !== undefined) return access;
      throw new Refusal('unavailable', { cause: new Error('what roles carry is not signed') });
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

/** Under a lock, so that two instances that start at once make one. */
async function makeFirstKey(database: Database, keyFactory: KeyFactory): Promise<void> {
  if (await hasSigner(database)) return;
  const key = await makeKey(keyFactory);
  await database.transaction(async (tx) => {
    await lockKeys(tx);
    if (!(await hasSigner(tx))) await addSigningKey(tx, key, 0);
  });
}

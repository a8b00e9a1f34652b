/**
 * This instance's copy of the signing keys.
 *
 * Which key signs is not decided here: the statement that checks the session names it, so that two
 * instances never disagree. The copy is read again on a key that it does not hold, and every few
 * seconds. A read may be joined only by those who asked before it began.
 */
import { createPublicKey } from 'node:crypto';
import { KEY_VOUCH_TYPE, keyId, Refusal, type KeyId } from '@portcullis/contracts';
import type { Logger } from '@portcullis/service';
import type { VerificationKey } from '@portcullis/verify';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { atMost } from '../timing/at-most.ts';
import { MAX_TOKEN_SECONDS, TOKEN_MARGIN_SECONDS } from '../timing/lifetimes.ts';
import type { Database } from '../database/database.ts';
import {
  makeKey,
  openPrivateKey,
  publicJwk,
  readKeys,
  type KeyMaking,
  type PublicJwk,
} from './signing-key.ts';
import { signerWith, type SignToken } from './sign-token.ts';
import { addSigningKey, hasSigner, lockKeys } from './succession.ts';
import { vouchesAmong, type VouchingKey } from './vouches.ts';

const RELOAD_MS = 5_000;
/** So long the set that is published may be waited for: less than a verifier gives it. */
const PUBLISHED_WITHIN_MS = 1_000;

export interface KeyRing extends Disposable {
  /** @throws Refusal `unavailable` when the key cannot be had */
  sign(kid: KeyId | null, claims: object): Promise<string>;
  /** Read again before "unknown" is said. */
  verificationKey(kid: string): Promise<VerificationKey | undefined>;
  /** The set as it is published; read now, or the last one while Postgres is away. */
  published(): Promise<readonly PublicJwk[]>;
  /** The keys as they go with grants; of the last read. */
  vouches(): readonly string[];
  reload(): Promise<void>;
}

interface HeldKey extends VouchingKey {
  sign: SignToken;
  verification: VerificationKey;
}

/**
 * Opens the ring, and makes the first key where there is none.
 *
 * @throws SealError when the keys were sealed with another key-encryption key
 */
export async function openKeyRing(
  database: Database,
  { issuer, ...making }: KeyMaking & { issuer: string },
  logger: Logger,
): Promise<KeyRing> {
  let held: ReadonlyMap<string, HeldKey> = new Map();
  let vouches: readonly string[] = [];
  /** The names of the keys that `vouches` was made of. */
  let vouchedFor = '';

  async function load(): Promise<void> {
    const rows = await readKeys(database, MAX_TOKEN_SECONDS + TOKEN_MARGIN_SECONDS);
    const before = held;
    held = new Map(
      rows.map((row) => {
        const known = before.get(row.kid);
        if (known !== undefined) return [row.kid, known];
        const jwk = publicJwk.parse(row.publicJwk);
        const { kid, alg, use: _use, ...material } = jwk;
        const key = createPublicKey({ key: material, format: 'jwk' });
        const privateKey = openPrivateKey(making.seal, row.kid, row.sealedPrivateKey);
        const sign = signerWith(row.kid, alg, privateKey, 'at+jwt');
        const vouch = signerWith(row.kid, alg, privateKey, KEY_VOUCH_TYPE);
        return [row.kid, { jwk, sign, vouch, verification: { kid, alg, key } }];
      }),
    );
    // Signed once for each change of the keys, and not for each grant.
    const names = [...held.keys()].join(' ');
    if (names === vouchedFor) return;
    vouches = [];
    vouches = await vouchesAmong([...held.values()], issuer, await secondsOf(database));
    vouchedFor = names;
  }

  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  async function reload(): Promise<void> {
    if (running === undefined) {
      running = load().finally(() => {
        running = undefined;
      });
      return await running;
    }
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return reload();
      });
    return await next;
  }

  await makeFirstKey(database, making);
  await load();
  const timer = setInterval(() => {
    reload().catch((error: unknown) => logger.warn({ err: error }, 'signing keys not read'));
  }, RELOAD_MS);
  timer.unref();

  return {
    reload,
    async sign(kid, claims) {
      if (kid === null) throw new Refusal('unavailable', { retryAfter: 1 });
      if (!held.has(kid)) await reload();
      const key = held.get(kid);
      // It was killed since the session was checked: the caller tries again, with the next one.
      if (key === undefined) throw new Refusal('unavailable', { retryAfter: 1 });
      return await key.sign(claims);
    },
    async verificationKey(kid) {
      // What is not even a name of a key costs no query.
      if (!held.has(kid) && keyId.safeParse(kid).success) await reload();
      return held.get(kid)?.verification;
    },
    async published() {
      const read = reload().catch((error: unknown) => {
        logger.warn({ err: error }, 'signing keys not read; the last set is published');
      });
      // A Postgres that stands still gives no error either, and verifiers wait.
      await atMost(PUBLISHED_WITHIN_MS, read);
      return [...held.values()].map(({ jwk }) => jwk);
    },
    vouches: () => vouches,
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

/** Seconds since the epoch by the database's clock. */
async function secondsOf(database: Database): Promise<number> {
  const [row] = await database.execute(
    sql`select floor(extract(epoch from clock_timestamp()))::float8 as seconds`,
  );
  return z.object({ seconds: z.number() }).parse(row).seconds;
}

/** Under a lock, so that two instances that start at once make one. */
async function makeFirstKey(database: Database, making: KeyMaking): Promise<void> {
  if (await hasSigner(database)) return;
  const key = await makeKey(making);
  await database.transaction(async (tx) => {
    await lockKeys(tx);
    if (!(await hasSigner(tx))) await addSigningKey(tx, key, 0);
  });
}

/** The signing keys in memory, ready for use, the vouches that they sign for each other, and what roles carry. */
import { createPublicKey } from 'node:crypto';
import { ACCESS_DOCUMENT_TYPE, KEY_VOUCH_TYPE, type GrantedAccess } from '@portcullis/contracts';
import type { VerificationKey } from '@portcullis/verify';
import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { presentAccess } from '../access/present-access.ts';
import type { Database } from '../database/database.ts';
import { MAX_TOKEN_SECONDS, TOKEN_MARGIN_SECONDS } from '../timing/lifetimes.ts';
import type { AccessPlace } from '../revocation/log.ts';
import type { Seal } from './seal.ts';
import { signerWith, type SignToken } from './sign-token.ts';
import { SignedAccess } from './signed-access.ts';
import { openPrivateKey, publicJwk, readKeys, type PublicJwk } from './signing-key.ts';
import { vouchesAmong, type VouchingKey } from './vouches.ts';

export interface HeldKey extends VouchingKey {
  sign: SignToken;
  /** Signs what roles carry, and nothing else. */
  signAccess: SignToken;
  verification: VerificationKey;
}

type KeyRow = Awaited<ReturnType<typeof readKeys>>[number];

export class HeldKeys {
  readonly #database: Database;
  readonly #seal: Seal;
  readonly #issuer: string;
  readonly #access: SignedAccess;
  #keys: ReadonlyMap<string, HeldKey> = new Map();
  #vouches: readonly string[] = [];
  /** The names of the keys that the vouches were made of. */
  #vouchedFor = '';
  /** As of the read that `access` is of. */
  #lastKillAt = 0;

  constructor(database: Database, { seal, issuer }: { seal: Seal; issuer: string }) {
    this.#database = database;
    this.#seal = seal;
    this.#issuer = issuer;
    this.#access = new SignedAccess(issuer);
  }

  /** Reads them again. Not to be called while it is under way. @throws SealError */
  async load(): Promise<void> {
    const rows = await readKeys(this.#database, MAX_TOKEN_SECONDS + TOKEN_MARGIN_SECONDS);
    const before = this.#keys;
    this.#keys = new Map(rows.map((row) => [row.kid, before.get(row.kid) ?? this.#open(row)]));
    await this.#loadAccess(rows[0]?.lastKillAt ?? 0);
    // Signed once for each change of the keys, and not for each grant.
    const names = [...this.#keys.keys()].join(' ');
    if (names === this.#vouchedFor) return;
    this.#vouches = [];
    const keys = [...this.#keys.values()];
    this.#vouches = await vouchesAmong(keys, this.#issuer, await secondsOf(this.#database));
    this.#vouchedFor = names;
  }

  get(kid: string): HeldKey | undefined {
    return this.#keys.get(kid);
  }

  get published(): readonly PublicJwk[] {
    return [...this.#keys.values()].map(({ jwk }) => jwk);
  }

  get vouches(): readonly string[] {
    return this.#vouches;
  }

  /** @returns what roles carry, if it is of this reading of the database, or of a later one (SPEC.md A12) */
  access({ number, lastKillAt }: AccessPlace): GrantedAccess | undefined {
    const { granted } = this.#access;
    const isPresent = granted !== undefined && granted.number >= number;
    return isPresent && this.#lastKillAt >= lastKillAt ? granted : undefined;
  }

  async #loadAccess(lastKillAt: number): Promise<void> {
    const oldest = [...this.#keys].at(-1);
    if (oldest === undefined) return;
    const { config } = await presentAccess(this.#database);
    const [kid, { signAccess: sign }] = oldest;
    await this.#access.update(config, { kid, sign }, () => secondsOf(this.#database));
    this.#lastKillAt = lastKillAt;
  }

  #open(row: KeyRow): HeldKey {
    const jwk = publicJwk.parse(row.publicJwk);
    const { kid, alg, use: _use, ...material } = jwk;
    const key = createPublicKey({ key: material, format: 'jwk' });
    const privateKey = openPrivateKey(this.#seal, row.kid, row.sealedPrivateKey);
    const sign = signerWith(row.kid, alg, privateKey, 'at+jwt');
    const vouch = signerWith(row.kid, alg, privateKey, KEY_VOUCH_TYPE);
    const signAccess = signerWith(row.kid, alg, privateKey, ACCESS_DOCUMENT_TYPE);
    return { jwk, sign, vouch, signAccess, verification: { kid, alg, key } };
  }
}

/** Seconds since the epoch by the database's clock. */
async function secondsOf(database: Database): Promise<number> {
  const [row] = await database.execute(
    sql`select floor(extract(epoch from clock_timestamp()))::float8 as seconds`,
  );
  return z.object({ seconds: z.number() }).parse(row).seconds;
}

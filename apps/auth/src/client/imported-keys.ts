/**
 * The keys that clients sign their assertions with, imported once: an RSA key takes longer to import
 * than a signature takes to check.
 *
 * Invariant: what is kept for a client is what its row said when it was imported. Each use compares that
 * with the row as it was read now, so that a key counts as soon as it is registered, and no longer.
 */
import type { ClientId } from '@portcullis/contracts';
import { exportJWK, importJWK } from 'jose';
import { storedClientKeys, type ClientKey } from './client-keys.ts';

export interface ImportedKey {
  readonly kid: string;
  /** The names that a signature by it may give its algorithm. */
  readonly algorithms: readonly string[];
  readonly key: Awaited<ReturnType<typeof importJWK>>;
}

/**
 * @param jwks the key set of the client's row, as it was read now
 * @returns the keys of it that count today
 */
export type ImportedKeysOf = (client: ClientId, jwks: unknown) => Promise<readonly ImportedKey[]>;

interface Kept {
  readonly row: string;
  readonly keys: Promise<readonly ImportedKey[]>;
}

/** Clients whose keys are kept; over that, those that have been kept for longest are imported again. */
const MOST_CLIENTS = 1_000;

/** What a key of each kind may sign with; Ed25519 has two names (RFC 9864 section 2.2). */
const ALGORITHMS = {
  ES256: ['ES256'],
  RS256: ['RS256'],
  EdDSA: ['EdDSA', 'Ed25519'],
} as const satisfies Readonly<Record<ClientKey['alg'], readonly string[]>>;

export function keepImportedKeys(): ImportedKeysOf {
  const kept = new Map<ClientId, Kept>();

  return async (client, jwks) => {
    const row = JSON.stringify(jwks);
    const known = kept.get(client);
    if (known?.row === row) return await known.keys;
    const keys = Promise.all(storedClientKeys(jwks).map((key) => imported(key)));
    const [oldest] = kept.keys();
    if (known === undefined && kept.size >= MOST_CLIENTS && oldest !== undefined) {
      kept.delete(oldest);
    }
    const entry = { row, keys };
    kept.set(client, entry);
    try {
      return await keys;
    } catch (error) {
      // Tried again with the next assertion.
      if (kept.get(client) === entry) kept.delete(client);
      throw error;
    }
  };
}

/** Of the key as the strict reader understood it, and not of how it was written. */
async function imported({ kid, alg, key }: ClientKey): Promise<ImportedKey> {
  return { kid, algorithms: ALGORITHMS[alg], key: await importJWK(await exportJWK(key), alg) };
}

/**
 * `@portcullis/client/indexeddb`: keeps tokens in IndexedDB, shared by the tabs of an origin, beside the key that they are
 * bound to. The private half of that key cannot be read by any script, this one included: what is copied from the
 * database is of no use elsewhere.
 *
 * - One tab refreshes at a time, under the Web Lock of `lockName`.
 * - `replace` looks and writes in one transaction, which those of other tabs wait for: a logout between a refresh and its
 *   end is not undone.
 * - Of two tabs that make a key at once, both get the one that was stored first.
 * - Each change is announced on a BroadcastChannel, which this tab's own listener does not hear.
 */
import { createDpopKey } from './dpop.ts';
import { IndexedDatabase } from './indexed-database.ts';
import { isTokens, type StoredTokens, type TokenStorage } from './token-storage.ts';

export interface IndexedDbStorageOptions {
  /** Of the database, the lock and the channel; `portcullis` unless given. */
  name?: string;
}

export interface IndexedDbStorage extends TokenStorage {
  /**
   * The key to bind tokens to: give this function as `dpop`. Made when it is first needed; it stays over a logout.
   *
   * @throws DOMException of the platform where the database cannot be opened
   */
  dpopKey(): Promise<CryptoKeyPair>;
  /** Closes the database and the channel, so that another may delete it. */
  close(): Promise<void>;
}

const STORE = 'session';
const TOKENS = 'tokens';
const KEY = 'dpop';

export function indexedDbStorage(options: IndexedDbStorageOptions = {}): IndexedDbStorage {
  const { name = 'portcullis' } = options;
  const database = new IndexedDatabase(name, STORE);
  let channel: BroadcastChannel | undefined;
  const announced = (): BroadcastChannel => (channel ??= new BroadcastChannel(name));
  const changed = (): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin, and takes no other
    announced().postMessage('changed');
  };

  return {
    lockName: `portcullis ${name}`,
    get: () => database.within('readonly', reading(TOKENS)),
    async set(tokens) {
      await database.within('readwrite', (store, done) => {
        store.put(tokens, TOKENS);
        done(undefined);
      });
      changed();
    },
    async clear() {
      await database.within('readwrite', (store, done) => {
        store.delete(TOKENS);
        done(undefined);
      });
      changed();
    },
    async replace(refreshToken, tokens) {
      const isKept = await database.within('readwrite', replacing(refreshToken, tokens));
      if (isKept) changed();
      return isKept;
    },
    subscribe(listener) {
      const heard = announced();
      heard.addEventListener('message', listener);
      return () => heard.removeEventListener('message', listener);
    },
    async dpopKey() {
      const known = await database.within('readonly', reading(KEY));
      if (isKeyPair(known)) return known;
      return await database.within('readwrite', keeping(await createDpopKey()));
    },
    async close() {
      channel?.close();
      channel = undefined;
      await database.close();
    },
  };
}

function reading(key: string) {
  return (store: IDBObjectStore, done: (found: unknown) => void): void => {
    const asked = store.get(key);
    asked.addEventListener('success', () => done(asked.result));
  };
}

function replacing(refreshToken: string, tokens: StoredTokens) {
  return (store: IDBObjectStore, done: (isKept: boolean) => void): void => {
    const asked = store.get(TOKENS);
    asked.addEventListener('success', () => {
      const held: unknown = asked.result;
      const isSame = isTokens(held) && held.refresh_token === refreshToken;
      if (isSame) store.put(tokens, TOKENS);
      done(isSame);
    });
  };
}

/** Another tab may have stored one since it was looked for: that one counts. */
function keeping(made: CryptoKeyPair) {
  return (store: IDBObjectStore, done: (key: CryptoKeyPair) => void): void => {
    const asked = store.get(KEY);
    asked.addEventListener('success', () => {
      const other: unknown = asked.result;
      if (!isKeyPair(other)) store.put(made, KEY);
      done(isKeyPair(other) ? other : made);
    });
  };
}

function isKeyPair(value: unknown): value is CryptoKeyPair {
  return (
    typeof value === 'object' &&
    value !== null &&
    'privateKey' in value &&
    value.privateKey instanceof CryptoKey &&
    'publicKey' in value &&
    value.publicKey instanceof CryptoKey
  );
}

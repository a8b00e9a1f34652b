/**
 * Keeps tokens in `sessionStorage`: they survive a reload, and end with the tab.
 *
 * A browser that duplicates a tab copies its `sessionStorage`, and two tabs would refresh with one refresh token, which is
 * taken for theft and ends the session. So each entry belongs to one page: it names a Web Lock that the page holds for as
 * long as it lives. A page that finds an entry takes over its lock, which is free after a reload and held by the other tab
 * after a duplication: then the copy is dropped. Without Web Locks an entry is taken as it is.
 */
import { isRecord } from './answer-shape.ts';
import type { StoredTokens, TokenStorage } from './token-storage.ts';

/** How long a page that goes away by a reload may hold on to its lock, in milliseconds. */
const TAKE_OVER_MS = 1_000;

/** Locks of this page, which another storage of it may use too. */
const HELD = new Set<string>();

export interface TabStorageOptions {
  /** Name of the entry; `portcullis` unless given. */
  name?: string;
}

/** @throws Error of the platform where it has no `sessionStorage`, or denies it */
export function tabStorage({ name = 'portcullis' }: TabStorageOptions = {}): TokenStorage {
  const storage = globalThis.sessionStorage;
  let owner: string | undefined;
  let ready: Promise<void> | undefined;
  const own = (): Promise<void> =>
    (ready ??= (async () => {
      const found = entryIn(storage.getItem(name));
      if (found !== undefined && (await holds(found.owner))) {
        owner = found.owner;
        return;
      }
      if (found !== undefined) storage.removeItem(name);
      owner = crypto.randomUUID();
      await holds(owner);
    })());
  return {
    async get() {
      await own();
      return entryIn(storage.getItem(name))?.tokens;
    },
    async set(tokens: StoredTokens) {
      await own();
      storage.setItem(name, JSON.stringify({ owner, tokens }));
    },
    async clear() {
      await own();
      storage.removeItem(name);
    },
  };
}

/** @returns whether the lock is this page's, until it ends; false where another one has it */
function holds(owner: string): Promise<boolean> {
  if (HELD.has(owner)) return Promise.resolve(true);
  const locks: LockManager | undefined =
    typeof navigator === 'undefined' ? undefined : navigator.locks;
  if (locks === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(TAKE_OVER_MS);
    locks
      .request(`portcullis tab ${owner}`, { signal }, async () => {
        HELD.add(owner);
        resolve(true);
        await new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}

function entryIn(text: string | null): { owner: string; tokens: unknown } | undefined {
  if (text === null) return undefined;
  try {
    const entry: unknown = JSON.parse(text);
    if (!isRecord(entry) || typeof entry['owner'] !== 'string') return undefined;
    return { owner: entry['owner'], tokens: entry['tokens'] };
  } catch {
    return undefined;
  }
}

/**
 * The issuer's public keys, fetched ahead of need and kept through an outage.
 *
 * Invariant: at most one fetch is under way, and at most one begins in a cooldown, however many
 * unknown `kid`s arrive. A failed fetch, or a bad set, leaves the keys that are known in place; a
 * good one without a key takes it away. A key that was killed never comes back.
 */
import { Refusal } from '@portcullis/contracts';
import type { Clock, Timer } from '../clock.ts';
import { readBounded } from '../http/read-bounded.ts';
import type { VerificationKey } from '../token/signature.ts';
import { parseStrictJson } from '../token/strict-json.ts';
import { readKeySet } from './key-set.ts';

const COOLDOWN_MS = 5_000;
const FETCH_TIMEOUT_MS = 3_000;
const MAX_BYTES = 64 * 1024;
/** After this long without need the set is fetched again, so that retired keys go. */
const MAX_AGE_MS = 5 * 60 * 1_000;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export class Jwks {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #fetch: Fetch;
  readonly #killed = new Set<string>();
  #keys: ReadonlyMap<string, VerificationKey> | undefined;
  #fetching: Promise<void> | undefined;
  #lastFetch = Number.NEGATIVE_INFINITY;
  #ageing: Timer | undefined;
  #closed = false;

  constructor(url: string, clock: Clock, fetch: Fetch) {
    const { protocol, hostname } = new URL(url);
    const local = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
    if (protocol !== 'https:' && !(protocol === 'http:' && local)) {
      throw new TypeError('keys are fetched over https, except from this machine');
    }
    this.#url = url;
    this.#clock = clock;
    this.#fetch = fetch;
  }

  get loaded(): boolean {
    return this.#keys !== undefined;
  }

  /**
   * The key if it is here already: the path of almost every request. The same object for as long as
   * the key is the same.
   */
  known(kid: string): VerificationKey | undefined {
    return this.#keys?.get(kid);
  }

  /** Whether it was taken out for ever. */
  isKilled(kid: string): boolean {
    return this.#killed.has(kid);
  }

  /**
   * The key, after a fetch if that may help.
   *
   * @returns undefined when the issuer's set is known and has no such key
   * @throws Refusal `unavailable` when no set was ever had, so that nothing can be said
   */
  async find(kid: string): Promise<VerificationKey | undefined> {
    await this.refresh();
    if (this.#keys === undefined) throw new Refusal('unavailable', { retryAfter: 1 });
    return this.#keys.get(kid);
  }

  /** Fetches, unless that was done a moment ago. Never throws; `loaded` tells. */
  async refresh(): Promise<void> {
    if (this.#closed) return;
    if (this.#fetching !== undefined) return await this.#fetching;
    const now = this.#clock.monotonic();
    // Without any keys every request is refused anyway: try again sooner.
    const cooldown = this.loaded ? COOLDOWN_MS : COOLDOWN_MS / 10;
    if (now - this.#lastFetch < cooldown) return;
    this.#lastFetch = now;
    this.#fetching = this.#load().finally(() => {
      this.#fetching = undefined;
      this.#fetchAgainLater();
    });
    await this.#fetching;
  }

  /** Takes a key out, for ever. */
  kill(kid: string): void {
    this.#killed.add(kid);
    if (this.#keys?.has(kid) === true) {
      this.#keys = new Map([...this.#keys].filter(([known]) => known !== kid));
    }
  }

  /** Fetches no more. What is known stays. */
  close(): void {
    this.#closed = true;
    this.#ageing?.cancel();
  }

  #fetchAgainLater(): void {
    this.#ageing?.cancel();
    if (this.#closed) return;
    this.#ageing = this.#clock.after(MAX_AGE_MS, () => void this.refresh());
  }

  async #load(): Promise<void> {
    try {
      const response = await this.#fetch(this.#url, {
        redirect: 'error',
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
      });
      if (response.status !== 200) throw new Error(`the key set was answered ${response.status}`);
      const bytes = await readBounded(response, MAX_BYTES);
      const keys = readKeySet(parseStrictJson(bytes));
      // No issuer is without a key: that is a fault, and no reason to refuse everybody.
      if (keys.size === 0) throw new Error('the key set has no usable key');
      for (const kid of this.#killed) keys.delete(kid);
      for (const [kid, key] of keys) {
        const known = this.#keys?.get(kid);
        if (known?.alg === key.alg && known.key.equals(key.key)) keys.set(kid, known);
      }
      this.#keys = keys;
    } catch {
      // What is known stays known; what is not known stays refused. The next cooldown tries again.
    }
  }
}

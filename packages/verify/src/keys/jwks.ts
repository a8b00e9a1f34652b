/**
 * The issuer's public keys, fetched ahead of need and kept through an outage; and those that came with
 * grants meanwhile (`vouched-keys.ts`).
 *
 *   never ──▶ succeeded ◀──▶ failed        what became of the last fetch
 *
 * Invariants:
 *  - At most one fetch is under way that counts, and at most one begins in a cooldown, however many
 *    unknown `kid`s arrive. A key that is killed for the first time shortens the cooldown, once.
 *  - A failed fetch, or a bad set, leaves the keys that are known in place; a good one without a key
 *    removes it, with every key that was only vouched for. A key that was killed never comes back, and
 *    takes along what it has vouched for. The first key is never one that was vouched for.
 *  - After `forget` no key counts that was had before, and no answer to a question of before.
 *  - "There is no such key" is said only after a fetch that succeeded within the cooldown, and began
 *    after the last kill. Everything else is not known, and is answered so.
 */
import { Refusal } from '@portcullis/contracts';
import type { Clock, Timer } from '../clock.ts';
import type { VerificationKey } from '../jws/verification-key.ts';
import { demandTrustedAddress, fetchKeySet, type Fetch } from './fetch-key-set.ts';
import { VouchedKeys } from './vouched-keys.ts';

const COOLDOWN_MS = 5_000;
/** Without any keys, or since a kill, after which an unknown key may sign: ask again sooner. */
const SHORT_COOLDOWN_MS = 500;
/** After this long without need the set is fetched again, so that retired keys go. */
const MAX_AGE_MS = 5 * 60 * 1_000;
/** And after a failure, so that the reported state of the key set stays true. */
const RETRY_MS = 15_000;
/** While there are no keys, no request may come by that would ask: readiness says no. */
const FIRST_RETRY_MS = 1_000;

/** The outcome of the last fetch. `askedAt` is the moment before it, by the monotonic clock. */
type LastFetch =
  | { readonly outcome: 'never' }
  | { readonly outcome: 'succeeded'; readonly askedAt: number; readonly kills: number }
  | { readonly outcome: 'failed'; readonly error: unknown };

/** The verifier's copy of the issuer's key set, for those who watch over it. */
export interface KeySetStatus {
  /** Keys that came with the last fetch that succeeded; zero when none ever did. */
  readonly keys: number;
  /** Keys that came with grants since, and that a fetched key vouches for. */
  readonly vouched: number;
  /** The outcome of the last fetch: `failed` says that keys which are not known cannot be had. */
  readonly lastFetch: 'never' | 'succeeded' | 'failed';
  /** Since the last fetch that succeeded was begun; undefined when none ever did. */
  readonly ageMs: number | undefined;
  /** Fetches that failed. */
  readonly failures: number;
  /** Killed keys that the last set has held all the same: what they sign is refused. */
  readonly killed: readonly string[];
}

/** @param kids killed keys that the issuer publishes all the same, as it does after a restored backup */
export type KilledKeysListener = (kids: readonly string[]) => void;

/** @param error why the key set cannot be had; undefined: it can be had again */
export type KeySetListener = (error: unknown) => void;

export interface JwksOptions {
  url: string;
  issuer: string;
  clock: Clock;
  fetch: Fetch;
  /** Milliseconds since the epoch by the issuer's clock. */
  issuerNow: () => number;
  /** Called when the set can no longer be had, and when it can again. */
  onChange?: KeySetListener;
  /** Called for every fetch that succeeded, once its keys are known. */
  onFetched?: () => void;
  /** Called for every fetch that failed. */
  onFailure?: () => void;
  /** Called when a set holds killed keys, and others than the one before. */
  onKilled?: KilledKeysListener;
  /** Called with keys that are not known any more, though they were not killed themselves. */
  onGone?: (kids: readonly string[]) => void;
}

export class Jwks {
  readonly #options: JwksOptions;
  readonly #clock: Clock;
  readonly #killed = new Set<string>();
  readonly #vouched: VouchedKeys;
  #keys: ReadonlyMap<string, VerificationKey> | undefined;
  #fetching: Promise<void> | undefined;
  #asked = { at: Number.NEGATIVE_INFINITY, kills: 0 };
  /** How often everything was forgotten. */
  #era = 0;
  #killedInSet: readonly string[] = [];
  #last: LastFetch = { outcome: 'never' };
  #succeededAt: number | undefined;
  #failures = 0;
  #ageing: Timer | undefined;
  #closed = false;

  constructor(options: JwksOptions) {
    demandTrustedAddress(options.url);
    this.#options = options;
    this.#clock = options.clock;
    this.#vouched = new VouchedKeys({
      issuer: options.issuer,
      issuerNow: options.issuerNow,
      fetched: (kid) => this.fetched(kid),
      isKilled: (kid) => this.#killed.has(kid),
    });
  }

  get loaded(): boolean {
    return this.#keys !== undefined;
  }

  /** Why the last fetch failed; undefined when it did not. */
  get lastError(): unknown {
    return this.#last.outcome === 'failed' ? this.#last.error : undefined;
  }

  get status(): KeySetStatus {
    const now = this.#clock.monotonic();
    return {
      keys: this.#keys?.size ?? 0,
      vouched: this.#vouched.size,
      lastFetch: this.#last.outcome,
      ageMs: this.#succeededAt === undefined ? undefined : now - this.#succeededAt,
      failures: this.#failures,
      killed: this.#killedInSet,
    };
  }

  /**
   * The key if it is here already: the path of almost every request. The same object for as long as
   * the key is the same.
   */
  known(kid: string): VerificationKey | undefined {
    return this.#keys?.get(kid) ?? this.#vouched.find(kid);
  }

  /** The key if it came with the set: never one that is only vouched for. */
  fetched(kid: string): VerificationKey | undefined {
    return this.#keys?.get(kid);
  }

  /** Whether it was taken out for ever. */
  isKilled(kid: string): boolean {
    return this.#killed.has(kid);
  }

  /**
   * Waits for a fetch where that may bring the key.
   *
   * @throws Refusal `unavailable` when the key is not known, and the issuer could not be asked whether it is
   *   one
   */
  async seek(kid: string): Promise<void> {
    await this.refresh();
    // A key was killed while the answer was on its way: what signs since may not be in it.
    if (this.known(kid) === undefined && this.#isBeforeKill()) await this.refresh();
    if (this.known(kid) !== undefined || this.#isAnswered()) return;
    throw new Refusal('unavailable', {
      // Whole milliseconds first: a sum of fractions may be off by a hair, and that is no second.
      retryAfter: Math.max(1, Math.ceil(Math.round(this.#cooldownLeft()) / 1_000)),
      cause: new Error('an unknown key, and the key set cannot be had', { cause: this.lastError }),
      reason: 'key_set_unavailable',
    });
  }

  /** Fetches, unless that was done a moment ago. Never throws; `status` has the result. */
  async refresh(): Promise<void> {
    if (this.#closed) return;
    if (this.#fetching !== undefined) return await this.#fetching;
    if (this.#cooldownLeft() > 0) return;
    this.#asked = { at: this.#clock.monotonic(), kills: this.#killed.size };
    const fetching = this.#load(this.#asked).finally(() => {
      if (this.#fetching !== fetching) return;
      this.#fetching = undefined;
      this.#fetchAgainLater();
    });
    this.#fetching = fetching;
    await fetching;
  }

  /** Takes a key out, for ever. The next key that is not known is asked for without a long wait. */
  kill(kid: string): void {
    this.#killed.add(kid);
    if (this.#keys?.has(kid) === true) {
      this.#keys = new Map([...this.#keys].filter(([known]) => known !== kid));
    }
    const gone = this.#vouched.kill(kid).filter((other) => other !== kid);
    this.#reportGone(gone);
  }

  /**
   * The issuer's past can no longer be vouched for, as after a restored backup: a key of it may be one
   * that the issuer does not know any more, and would never kill. The set is fetched anew.
   */
  forget(): void {
    this.#era += 1;
    this.#fetching = undefined;
    this.#keys = undefined;
    this.#vouched.clear();
    this.#last = { outcome: 'never' };
    this.#asked = { at: Number.NEGATIVE_INFINITY, kills: this.#killed.size };
    void this.refresh();
  }

  /** Keys that came with a grant, of which every kill has been applied. */
  learn(vouches: readonly string[]): void {
    this.#reportGone(this.#vouched.learn(vouches));
  }

  /** Fetches no more. What is known stays. */
  close(): void {
    this.#closed = true;
    this.#ageing?.cancel();
  }

  /** Milliseconds until a fetch may begin. */
  #cooldownLeft(): number {
    const isShort = !this.loaded || this.#isBeforeKill();
    const cooldown = isShort ? SHORT_COOLDOWN_MS : COOLDOWN_MS;
    return this.#asked.at + cooldown - this.#clock.monotonic();
  }

  /** Whether a key was killed since the last fetch began. */
  #isBeforeKill(): boolean {
    return this.#asked.kills !== this.#killed.size;
  }

  /** Whether the issuer has said a moment ago which keys there are. */
  #isAnswered(): boolean {
    const last = this.#last;
    return (
      last.outcome === 'succeeded' &&
      last.kills === this.#killed.size &&
      this.#clock.monotonic() - last.askedAt < COOLDOWN_MS
    );
  }

  #reportGone(kids: readonly string[]): void {
    if (kids.length > 0) this.#options.onGone?.(kids);
  }

  #fetchAgainLater(): void {
    this.#ageing?.cancel();
    if (this.#closed) return;
    const again = this.loaded ? RETRY_MS : FIRST_RETRY_MS;
    const wait = this.#last.outcome === 'succeeded' ? MAX_AGE_MS : again;
    this.#ageing = this.#clock.after(wait, () => void this.refresh());
  }

  async #load({ at, kills }: { at: number; kills: number }): Promise<void> {
    const { onChange, onFailure, onFetched } = this.#options;
    const last = this.#last.outcome;
    const era = this.#era;
    try {
      const keys = await fetchKeySet(this.#options.url, this.#options.fetch);
      if (era !== this.#era) return;
      this.#takeKilled(keys);
      for (const [kid, key] of keys) {
        const known = this.known(kid);
        if (known?.alg === key.alg && known.key.equals(key.key)) keys.set(kid, known);
      }
      const before = [...(this.#keys?.keys() ?? []), ...this.#vouched.clear()];
      this.#keys = keys;
      this.#reportGone(before.filter((kid) => !keys.has(kid)));
      this.#succeededAt = at;
      this.#last = { outcome: 'succeeded', askedAt: at, kills };
      if (last === 'failed') onChange?.(undefined);
      onFetched?.();
    } catch (error) {
      if (era !== this.#era) return;
      // What is known stays known; what is not known stays unknown. The next cooldown tries again.
      this.#failures += 1;
      this.#last = { outcome: 'failed', error };
      if (last !== 'failed') onChange?.(error);
      onFailure?.();
    }
  }

  #takeKilled(keys: Map<string, VerificationKey>): void {
    const before = this.#killedInSet;
    this.#killedInSet = [...keys.keys()].filter((kid) => this.#killed.has(kid));
    for (const kid of this.#killedInSet) keys.delete(kid);
    const isNews = this.#killedInSet.some((kid) => !before.includes(kid));
    if (isNews) this.#options.onKilled?.(this.#killedInSet);
  }
}

/**
 * Keys that came with grants, each signed for by a key that was fetched. They are for the time in
 * which the key set cannot be fetched.
 *
 * Invariants:
 *  - A key is here only by a signature of a key that this verifier fetched, and that is still known:
 *    never by one that is only vouched for itself, so there are no chains, and none before the first
 *    fetch.
 *  - It goes with the key that vouched for it, with its own kill, with its expiry, and with the next
 *    set that is fetched.
 *  - It never takes the place of a key that is known by the same name.
 */
import { MAX_KEY_VOUCHES } from '@portcullis/contracts';
import { jwsSignatureHolds } from '../jws/jws.ts';
import type { VerificationKey } from '../jws/verification-key.ts';
import { isTimely, readKeyVouch, type Vouch } from './vouch.ts';

const MAX_KEYS = 16;

export interface VouchedKeysOptions {
  issuer: string;
  /** Milliseconds since the epoch. */
  issuerNow: () => number;
  /** A key that came with the set; never one of these here. */
  fetched: (kid: string) => VerificationKey | undefined;
  isKilled: (kid: string) => boolean;
}

export class VouchedKeys {
  readonly #options: VouchedKeysOptions;
  readonly #vouches = new Map<string, Vouch>();
  /** What came with the last grant: it comes with the next ones too, and is read once. */
  #read: ReadonlyMap<string, Vouch | undefined> = new Map();

  constructor(options: VouchedKeysOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#vouches.size;
  }

  find(kid: string): VerificationKey | undefined {
    const vouch = this.#vouches.get(kid);
    if (vouch === undefined || !isTimely(vouch, this.#options.issuerNow())) return undefined;
    return vouch.key;
  }

  /**
   * After every kill that came with the same grant has been applied.
   *
   * @returns the keys that went meanwhile
   */
  learn(texts: readonly string[]): string[] {
    const now = this.#options.issuerNow();
    const gone = this.#drop((vouch) => !isTimely(vouch, now));
    const read = new Map<string, Vouch | undefined>();
    for (const text of texts.slice(0, MAX_KEY_VOUCHES)) {
      const vouch = this.#read.has(text)
        ? this.#read.get(text)
        : readKeyVouch(text, this.#options.issuer);
      read.set(text, vouch);
      if (vouch === undefined || !this.#counts(vouch)) continue;
      if (this.#vouches.size >= MAX_KEYS) gone.push(...this.#dropSoonest());
      this.#vouches.set(vouch.key.kid, vouch);
    }
    this.#read = read;
    return gone;
  }

  /** @returns the keys that went: its own, and those that it had vouched for */
  kill(killed: string): string[] {
    return this.#drop(({ key, signer }) => key.kid === killed || signer === killed);
  }

  /** A set was fetched. @returns the keys that went */
  clear(): string[] {
    return this.#drop(() => true);
  }

  #counts(vouch: Vouch): boolean {
    const { fetched, isKilled, issuerNow } = this.#options;
    const { kid } = vouch.key;
    const voucher = fetched(vouch.signer);
    return (
      voucher !== undefined &&
      !isKilled(vouch.signer) &&
      !isKilled(kid) &&
      fetched(kid) === undefined &&
      !this.#vouches.has(kid) &&
      isTimely(vouch, issuerNow()) &&
      jwsSignatureHolds(vouch.jws, voucher)
    );
  }

  #dropSoonest(): string[] {
    const [soonest] = [...this.#vouches.values()].toSorted((a, b) => a.exp - b.exp);
    return this.#drop((vouch) => vouch === soonest);
  }

  #drop(goes: (vouch: Vouch) => boolean): string[] {
    const gone = [...this.#vouches.values()].filter((vouch) => goes(vouch));
    for (const { key } of gone) this.#vouches.delete(key.kid);
    return gone.map(({ key }) => key.kid);
  }
}

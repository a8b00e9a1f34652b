/** Keys whose signatures hold no more. They are kept for ever: a thief goes on signing. */
import { isKeyId, type KeyId } from '@portcullis/contracts';
import type { KindStore } from './kind-store.ts';

export class KilledKeys implements KindStore {
  readonly #keys = new Set<KeyId>();
  /** The same, for any text. */
  readonly #names: ReadonlySet<string> = this.#keys;
  readonly bytes = 0;

  get all(): ReadonlySet<KeyId> {
    return this.#keys;
  }

  get size(): number {
    return this.#keys.size;
  }

  has(kid: string): boolean {
    return this.#names.has(kid);
  }

  least(kid: string): number {
    return this.has(kid) ? Number.POSITIVE_INFINITY : 0;
  }

  raise(key: string): boolean {
    if (!isKeyId(key)) throw new TypeError('not the key of a key');
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }

  evict(): void {}
}

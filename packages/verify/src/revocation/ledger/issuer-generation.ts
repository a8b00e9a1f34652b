/** The generation below which every token is dead. It is kept for ever, and only raised (SPEC.md I4). */
import type { KindStore } from './kind-store.ts';

export class IssuerGeneration implements KindStore {
  /** The least that still holds; 0 when there is no cut. */
  generation = 0;
  readonly bytes = 0;

  get size(): number {
    return this.generation > 0 ? 1 : 0;
  }

  least(): number {
    return this.generation;
  }

  raise(key: string, _moment: number, generation: number): boolean {
    if (key !== 'issuer') throw new TypeError('not the key of the issuer');
    if (generation <= this.generation) return false;
    this.generation = generation;
    return true;
  }

  evict(): void {}
}

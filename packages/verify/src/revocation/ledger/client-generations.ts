/** The generations below which tokens of a client are dead. Clients are few and have names. */
import type { ClientId } from '@portcullis/contracts';

interface Cut {
  generation: number;
  moment: number;
}

export class ClientGenerations {
  readonly #cuts = new Map<ClientId, Cut>();

  get size(): number {
    return this.#cuts.size;
  }

  /** The least generation that still holds; 0 when there is no cut. */
  generation(client: ClientId): number {
    return this.#cuts.get(client)?.generation ?? 0;
  }

  /**
   * @param moment its expiry, in seconds since the epoch
   * @returns whether that changed anything
   */
  raise(client: ClientId, moment: number, generation: number): boolean {
    const known = this.#cuts.get(client);
    if (known !== undefined && known.generation >= generation && known.moment >= moment) {
      return false;
    }
    this.#cuts.set(client, {
      generation: Math.max(known?.generation ?? 0, generation),
      moment: Math.max(known?.moment ?? 0, moment),
    });
    return true;
  }

  evict(now: number): void {
    for (const [client, { moment }] of this.#cuts) if (moment <= now) this.#cuts.delete(client);
  }

  *entries(): Generator<[client: ClientId, moment: number, generation: number], void, void> {
    for (const [client, { moment, generation }] of this.#cuts) yield [client, moment, generation];
  }
}

/**
 * The generations below which dead is what one client holds for one user. By the user first: of a token both are at
 * hand as they are, and for most users there is nothing.
 */
import { isClientSubject, type ClientSubject } from '@portcullis/contracts';
import type { KindStore } from './kind-store.ts';

/** How many users one call of `evict` looks at. */
const SWEPT_USERS = 4_096;

interface Least {
  key: ClientSubject;
  generation: number;
  moment: number;
}

type ByUser = Map<string, Map<string, Least>>;

export class ClientSubjects implements KindStore {
  readonly #byUser: ByUser = new Map();
  readonly bytes = 0;
  #size = 0;
  /** Where the next call of `evict` goes on. */
  #sweep = this.#byUser.entries();

  get size(): number {
    return this.#size;
  }

  /** The least generation that still holds; 0 when there is no cut. */
  generation(user: string, client: string): number {
    return this.#byUser.get(user)?.get(client)?.generation ?? 0;
  }

  least(key: string): number {
    const slash = key.indexOf('/');
    return this.generation(key.slice(slash + 1), key.slice(0, slash));
  }

  /** Lowers nothing (SPEC.md I4). @returns whether that changed anything */
  raise(key: string, moment: number, generation: number): boolean {
    if (!isClientSubject(key)) throw new TypeError('not the key of a client_subject');
    const slash = key.indexOf('/');
    const [client, user] = [key.slice(0, slash), key.slice(slash + 1)];
    const clients = this.#byUser.get(user) ?? new Map<string, Least>();
    const known = clients.get(client);
    if (known !== undefined && known.generation >= generation && known.moment >= moment) {
      return false;
    }
    if (known === undefined) this.#size += 1;
    clients.set(client, {
      key,
      generation: Math.max(known?.generation ?? 0, generation),
      moment: Math.max(known?.moment ?? 0, moment),
    });
    this.#byUser.set(user, clients);
    return true;
  }

  evict(now: number): void {
    for (let swept = 0; swept < SWEPT_USERS; swept += 1) {
      const { done, value } = this.#sweep.next();
      if (done) {
        this.#sweep = this.#byUser.entries();
        return;
      }
      const [user, clients] = value;
      for (const [client, { moment }] of clients) {
        if (moment <= now && clients.delete(client)) this.#size -= 1;
      }
      if (clients.size === 0) this.#byUser.delete(user);
    }
  }

  *entries(): Generator<[key: ClientSubject, moment: number, generation: number], void, void> {
    for (const clients of this.#byUser.values()) {
      for (const { key, moment, generation } of clients.values()) yield [key, moment, generation];
    }
  }
}

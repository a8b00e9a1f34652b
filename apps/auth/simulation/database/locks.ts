import type { World } from '../world/world.ts';

interface Waiting {
  owner: object;
  take(): void;
  fail(why: string): void;
}

/** Row locks: first come, first served, and no wait is endless. */
export class Locks {
  readonly #world: World;
  readonly #held = new Map<string, { owner: object; queue: Waiting[] }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** @throws when it was not to be had in that time */
  async take(row: string, owner: object, timeoutMs: number): Promise<void> {
    const lock = this.#held.get(row);
    if (lock === undefined) {
      this.#held.set(row, { owner, queue: [] });
      return;
    }
    if (lock.owner === owner) return;
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        owner,
        take() {
          timeout.cancel();
          resolve();
        },
        fail(why) {
          timeout.cancel();
          lock.queue.splice(lock.queue.indexOf(waiting), 1);
          reject(new Error(why));
        },
      };
      lock.queue.push(waiting);
      const timeout = this.#world.after(timeoutMs, () => waiting.fail(`lock timeout on ${row}`));
    });
  }

  release(owner: object): void {
    for (const [row, lock] of this.#held) {
      for (const waiting of lock.queue.filter((each) => each.owner === owner)) {
        waiting.fail('the transaction was rolled back');
      }
      if (lock.owner !== owner) continue;
      const next = lock.queue.shift();
      if (next === undefined) {
        this.#held.delete(row);
      } else {
        lock.owner = next.owner;
        next.take();
      }
    }
  }
}

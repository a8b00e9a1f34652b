import type { World } from '../world/world.ts';

/** As of rows in PostgreSQL: `FOR SHARE` is had by any number at once, `FOR UPDATE` by one alone. */
export type Strength = 'share' | 'update';

interface Waiting {
  owner: object;
  strength: Strength;
  take(): void;
  fail(why: string): void;
}

interface Lock {
  owners: Set<object>;
  strength: Strength;
  queue: Waiting[];
}

/** Row locks: first come, first served, and no wait is endless. */
export class Locks {
  readonly #world: World;
  readonly #held = new Map<string, Lock>();

  constructor(world: World) {
    this.#world = world;
  }

  /** @throws when it was not to be had in that time */
  async take(
    row: string,
    owner: object,
    timeoutMs: number,
    strength: Strength = 'update',
  ): Promise<void> {
    const lock = this.#held.get(row);
    if (lock === undefined) {
      this.#held.set(row, { owners: new Set([owner]), strength, queue: [] });
      return;
    }
    if (lock.owners.has(owner)) return;
    if (isShared(lock, strength) && lock.queue.length === 0) {
      lock.owners.add(owner);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        owner,
        strength,
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
      if (!lock.owners.delete(owner)) continue;
      handOn(lock);
      if (lock.owners.size === 0) this.#held.delete(row);
    }
  }
}

function isShared(lock: Lock, strength: Strength): boolean {
  return lock.strength === 'share' && strength === 'share';
}

/** To who comes next, once it is free; with a share, to all that come next and ask for a share. */
function handOn(lock: Lock): void {
  for (;;) {
    const [next] = lock.queue;
    if (next === undefined || (lock.owners.size > 0 && !isShared(lock, next.strength))) return;
    lock.queue.shift();
    lock.owners.add(next.owner);
    lock.strength = next.strength;
    next.take();
  }
}

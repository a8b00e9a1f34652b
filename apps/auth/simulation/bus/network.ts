/**
 * What carries messages: it may lose, repeat, delay and reorder them, be cut for one process or for
 * all, and keep what it did not deliver until the cut heals.
 */
import type { Process } from '../world/process.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';

export interface Weather {
  /** How often a message is lost, or comes twice. */
  loss: number;
  repeat: number;
  /** How often one takes long, and how long at most. */
  slow: number;
  longestMs: number;
  /** How often a push is damaged on its way. */
  damage: number;
  /** How often an answer to another question comes first. */
  mixUp: number;
}

export const FAIR: Weather = { loss: 0, repeat: 0, slow: 0, longestMs: 0, damage: 0, mixUp: 0 };

/** One process's link. `lossy` forgets what was sent meanwhile, `holding` delivers it afterwards. */
export class Link {
  readonly process: Process;
  cut: 'none' | 'lossy' | 'holding' = 'none';
  /** Also the way that does not lead over the bus. */
  alone = false;
  /** What was not asked for does not arrive. */
  deaf = false;
  readonly held: (() => void)[] = [];

  constructor(process: Process) {
    this.process = process;
  }
}

export class Network {
  readonly world: World;
  readonly random: Random;
  weather: Weather = FAIR;
  /** The bus is there at all. */
  up = true;

  constructor(world: World, random: Random) {
    this.world = world;
    this.random = random;
  }

  delay(): number {
    const { slow, longestMs } = this.weather;
    return this.random.chance(slow)
      ? this.random.between(1, longestMs)
      : this.random.between(0.05, 0.6);
  }

  /** Over the bus. */
  carry(from: Link, to: Link, deliver: () => void): void {
    const { loss, repeat } = this.weather;
    if (this.random.chance(loss)) return;
    this.#send(from, to, deliver);
    if (this.random.chance(repeat)) this.#send(from, to, deliver);
  }

  /** Not over the bus: it may be slow, or cut off from everything. */
  carryDirectly(from: Link, to: Link, deliver: () => void): void {
    this.world.after(this.delay(), () => {
      if (!from.alone && !to.alone) to.process.enter(deliver);
    });
  }

  heal(link: Link): void {
    link.cut = 'none';
    link.alone = false;
    link.deaf = false;
    for (const send of link.held.splice(0)) send();
  }

  #send(from: Link, to: Link, deliver: () => void): void {
    if (!this.#passes(from, () => this.#send(from, to, deliver))) return;
    this.world.after(this.delay(), () => {
      if (this.#passes(to, () => this.#send(from, to, deliver))) to.process.enter(deliver);
    });
  }

  #passes(link: Link, later: () => void): boolean {
    if (!this.up) return false;
    if (link.cut === 'holding') link.held.push(later);
    return link.cut === 'none';
  }
}

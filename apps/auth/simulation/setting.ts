/** What everything in one run has in common. */
import type { Bus } from './bus/bus.ts';
import type { Database } from './database/database.ts';
import type { History } from './history.ts';
import type { Variant } from './variant.ts';
import type { Point, Process } from './world/process.ts';
import type { Random } from './world/random.ts';
import type { World } from './world/world.ts';

export interface Setting {
  readonly world: World;
  readonly history: History;
  readonly random: Random;
  readonly database: Database;
  readonly bus: Bus;
  readonly variant: Variant;
  /** How long a token lives, and how long its entry outlives it. Milliseconds. */
  readonly tokenLifeMs: number;
  readonly entryMarginMs: number;
  /** How many rows one answer carries. */
  readonly page: number;
  /** How long a transaction may take on its way to the commit. Milliseconds. */
  longestTransactionMs: number;
  strike: (point: Point, process: Process) => void;
}

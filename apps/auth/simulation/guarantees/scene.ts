import type { Database } from '../database/database.ts';
import type { History } from '../history.ts';
import type { World } from '../world/world.ts';
import type { Facts } from './facts.ts';

/** What a guarantee is checked against. */
export interface Scene {
  readonly world: World;
  readonly history: History;
  readonly database: Database;
  readonly facts: Facts;
  /** The greatest S that any instance grants. Milliseconds. */
  readonly maxStalenessMs: number;
  /** Nothing goes wrong in this run. */
  readonly calm: boolean;
}

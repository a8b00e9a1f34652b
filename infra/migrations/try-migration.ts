/** One migration under load: how requests fare before it and while it is applied. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { Load, type Request } from './load.ts';
import type { Tried } from './offences.ts';
import { deadlocks, watchWaits } from './waits.ts';

export interface Trial {
  readonly name: string;
  readonly requests: readonly Request[];
  /** A connection of its own. */
  readonly observer: Sql;
  /** The application that migrates. */
  readonly application: string;
  readonly beforeMs: number;
  migrate(): Promise<void>;
}

export async function tryMigration(trial: Trial): Promise<Tried> {
  const { name, requests, observer, application, beforeMs, migrate } = trial;
  const load = new Load(requests);
  const found = await deadlocks(observer);
  await sleep(beforeMs);
  const before = load.take();
  const waits = watchWaits(observer, application);
  const began = performance.now();
  const failure = await migrate().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const seconds = (performance.now() - began) / 1_000;
  await waits.stop();
  // One that takes a few milliseconds is over before the next request: then that one shows it.
  await load.untilOne();
  // What waits for it still is counted when it ends.
  await load.stop();
  const during = load.take();
  return {
    name,
    before,
    during,
    waited: waits.longest,
    deadlocks: (await deadlocks(observer)) - found,
    seconds,
    failure,
  };
}

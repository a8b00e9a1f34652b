/**
 * Contenders that take turns within one process, or one process each, in another order each round:
 * what else the machine has to do hurts all of them alike, and a ratio is taken within its round.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { shuffled } from './distribution.ts';

/** What one of many cost, in microseconds. */
export const cost = z.object({
  /** By the clock. */
  clock: z.number(),
  /** Processor time of all threads of the process, where it was looked at. */
  processor: z.number().optional(),
});
export type Cost = z.infer<typeof cost>;

/** A contender's costs, by round. */
export const standing = z.object({ name: z.string(), costs: z.array(cost) });
export type Standing = z.infer<typeof standing>;

export interface Rounds {
  /** Before any counts: what runs for the first time is compiled and fetched first. */
  readonly warmUps: number;
  readonly rounds: number;
}

/** @param measure is called with the round, counted from zero, the warm-ups first */
export async function inTurns<C extends { readonly name: string }>(
  contenders: readonly C[],
  { warmUps, rounds }: Rounds,
  measure: (contender: C, round: number) => Promise<Cost>,
): Promise<Standing[]> {
  const all = contenders.map((contender) => ({ contender, costs: new Array<Cost>() }));
  for (let round = 0; round < warmUps + rounds; round += 1) {
    for (const { contender, costs } of shuffled(all)) {
      // Between two of them the process may do its other work.
      await nextTurn();
      const measured = await measure(contender, round);
      if (round >= warmUps) costs.push(measured);
    }
  }
  return all.map(({ contender: { name }, costs }) => ({ name, costs }));
}

/** What one of `count` costs in this process, when all are done by `work`. */
export async function costOf(count: number, work: () => void | Promise<void>): Promise<Cost> {
  const usedBefore = process.cpuUsage();
  const began = performance.now();
  await work();
  const clock = (performance.now() - began) * 1_000;
  const { user, system } = process.cpuUsage(usedBefore);
  return { clock: clock / count, processor: (user + system) / count };
}

/** The rounds of several starts of the same contenders, one after the other. */
export function together(starts: readonly (readonly Standing[])[]): Standing[] {
  const [first = []] = starts;
  return first.map(({ name }, at) => ({
    name,
    costs: starts.flatMap((standings) => standings[at]?.costs ?? []),
  }));
}

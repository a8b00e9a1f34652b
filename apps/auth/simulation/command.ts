/**
 * `pnpm simulate`: the protocol's own code, over simulated clocks, bus and database.
 *
 *   --seeds N            as many seeds (200), from --from (1) on
 *   --seed N             one seed, step by step; with --quiet only what became of it
 *   --without NAME       with a protection taken away, until that is caught; `all` for each in turn
 *   --spare FAULT        without faults of this kind, by their names in a replay; repeatable
 *   --jobs N             processes to share the seeds (as many as there are processors)
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { WITHOUT } from './without/protections.ts';

export interface Command {
  from: number;
  seeds: number;
  jobs: number;
  /** The one seed to replay. */
  seed: number | undefined;
  quiet: boolean;
  spared: readonly string[];
  /** Names of protections; none: the protocol as it is. */
  without: readonly string[];
}

/** @throws TypeError for what cannot be meant */
export function readCommand(args: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      seed: { type: 'string' },
      without: { type: 'string' },
      spare: { type: 'string', multiple: true, default: [] },
      quiet: { type: 'boolean', default: false },
    },
  });
  return {
    from: whole('from', values.from),
    seeds: whole('seeds', values.seeds),
    jobs: Math.max(1, whole('jobs', values.jobs)),
    seed: values.seed === undefined ? undefined : whole('seed', values.seed),
    quiet: values.quiet,
    spared: values.spare,
    without: protections(values.without),
  };
}

/** With which a seed shows the same again. */
export function flagsOf({ spared }: Command, without?: string): string {
  const spare = spared.map((name) => ` --spare '${name}'`).join('');
  return without === undefined ? spare : `${spare} --without ${without}`;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${name} takes a number`);
  return value;
}

function protections(name: string | undefined): string[] {
  if (name === undefined) return [];
  if (name === 'all') return [...WITHOUT.keys()];
  if (WITHOUT.has(name)) return [name];
  throw new TypeError(`--without takes one of: ${[...WITHOUT.keys(), 'all'].join(', ')}`);
}

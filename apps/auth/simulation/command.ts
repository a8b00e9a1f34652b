/**
 * `npm run simulate`: the protocol's own code, over simulated clocks, bus and database.
 *
 *   --seeds N            as many seeds (200), from --from (1) on
 *   --seed N             one seed, step by step; with --quiet only its outcome
 *   --without NAME       with a protection removed, until that is caught; `all` for each in turn
 *   --spare FAULT        without faults of this kind, by their names in a replay; repeatable
 *   --add FAULT          with faults of this kind, regardless of the seed; repeatable
 *   --jobs N             processes to share the seeds (as many as there are processors)
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FAULTS } from './fault-kinds.ts';
import { WITHOUT } from './without/protections.ts';

export interface Command {
  from: number;
  seeds: number;
  jobs: number;
  /** The one seed to replay. */
  seed: number | undefined;
  quiet: boolean;
  spared: readonly string[];
  added: readonly string[];
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
      add: { type: 'string', multiple: true, default: [] },
      quiet: { type: 'boolean', default: false },
    },
  });
  return {
    from: whole('from', values.from),
    seeds: whole('seeds', values.seeds),
    jobs: Math.max(1, whole('jobs', values.jobs)),
    seed: values.seed === undefined ? undefined : whole('seed', values.seed),
    quiet: values.quiet,
    spared: faults('spare', values.spare),
    added: faults('add', values.add),
    without: protections(values.without),
  };
}

/** With which a seed shows the same again. */
export function flagsOf({ spared, added }: Command, without?: string): string {
  const flags = [
    ...spared.map((name) => ` --spare '${name}'`),
    ...added.map((name) => ` --add '${name}'`),
    ...(without === undefined ? [] : [` --without ${without}`]),
  ];
  return flags.join('');
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${name} takes a number`);
  return value;
}

function faults(flag: string, names: readonly string[]): readonly string[] {
  const unknown = names.find((name) => !FAULTS.includes(name));
  if (unknown === undefined) return names;
  throw new TypeError(`--${flag} takes one of: ${FAULTS.join(', ')}; not ${unknown}`);
}

function protections(name: string | undefined): string[] {
  if (name === undefined) return [];
  if (name === 'all') return [...WITHOUT.keys()];
  if (WITHOUT.has(name)) return [name];
  throw new TypeError(`--without takes one of: ${[...WITHOUT.keys(), 'all'].join(', ')}`);
}

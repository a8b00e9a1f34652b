/**
 * Runs the checks of a step: as many sequences at once as there are processors, and the checks of each in their order. npm and
 * TypeScript 5.9, which take most of the time, use one processor each.
 */
import { availableParallelism } from 'node:os';
import type { Stage } from './stage.ts';
import { NotJudged, type Check, type Sequence, type Step } from './steps.ts';
import { line, note, red } from '../steps.ts';

/** What came of all of them; of those that did not hold, the names. */
export class Tally {
  held = 0;
  readonly failed: string[] = [];
  readonly notJudged: string[] = [];

  /** In one line. */
  get summary(): string {
    const lists = Object.entries({ failed: this.failed, 'not judged': this.notJudged });
    const others = lists.flatMap(([what, names]) =>
      names.length === 0 ? [] : [red(`${names.length} ${what}: ${names.join('; ')}`)],
    );
    return [`${this.held} held`, ...others].join(', ');
  }

  get exitCode(): 0 | 1 | 3 {
    if (this.failed.length > 0) return 1;
    return this.notJudged.length > 0 ? 3 : 0;
  }
}

/** @param tally what came of each is added to it */
export async function runChecks(
  step: Step,
  sequences: readonly Sequence[],
  { nodes }: Pick<Stage, 'nodes'>,
  tally: Tally,
): Promise<void> {
  // Each worker takes the next of them.
  const waiting = sequences.values();
  const work = async (): Promise<void> => {
    for (const sequence of waiting) {
      for (const check of sequence) await runCheck(step, check, nodes, tally);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

async function runCheck(
  step: Step,
  { name, node, run }: Check,
  nodes: Stage['nodes'],
  tally: Tally,
): Promise<void> {
  const full = `${step}: ${name}`;
  if (node !== undefined && !nodes.has(node)) {
    line(name, 0, red('NOT RUN'));
    tally.notJudged.push(full);
    return;
  }
  const started = performance.now();
  const say = (what: string): void => line(name, performance.now() - started, what);
  try {
    say((await run()) ?? 'ok');
    tally.held += 1;
  } catch (error) {
    if (error instanceof NotJudged) {
      say(`${red('NOT JUDGED')} ${error.message}`);
      tally.notJudged.push(full);
      return;
    }
    say(red('failed'));
    const said = error instanceof Error ? error.message : String(error);
    note(said.trimEnd().split('\n').slice(-30).join('\n'));
    tally.failed.push(full);
  }
}

import { join } from 'node:path';
import { obtainProgram, type Program } from './programs.ts';
import type { Results } from './results.ts';
import type { Axis, Ground, Row } from './rows.ts';
import { runTests } from './run-tests.ts';
import { Unavailable } from './unavailable.ts';
import type { Session } from '../lifetime/session.ts';
import { note } from '../steps.ts';

export type Verdict =
  | {
      outcome: 'held' | 'failed';
      passed: number;
      failed: number;
      seconds: number;
      versions: string;
    }
  | { outcome: 'not run'; why: string };

export interface Matrix {
  rows: readonly Row[];
  repository: string;
  commit: string;
  /** Where programs are kept that are not of this machine. */
  home: string;
  results: Results;
  /** Called at the end of each row. */
  report: (row: Row, verdict: Verdict, log: string) => void;
}

const AXES: readonly Axis[] = ['node', 'nats', 'postgres', 'redis'];

/**
 * Runs each row, one after the other. A row that held on this commit and these versions is not run
 * again, in this run or in a later one.
 *
 * @returns 0 when each row held, 1 when one failed, else 3 when one could not be run
 */
export async function runMatrix(session: Session, matrix: Matrix): Promise<0 | 1 | 3> {
  const outcomes = new Set<Verdict['outcome']>();
  for (const row of matrix.rows) {
    const log = join(session.dataFolder, 'logs', `${row.name}.log`);
    const verdict = await verdictOf(session, matrix, row, log);
    outcomes.add(verdict.outcome);
    matrix.report(row, verdict, log);
  }
  if (outcomes.has('failed')) return 1;
  return outcomes.has('not run') ? 3 : 0;
}

async function verdictOf(
  session: Session,
  { repository, commit, home, results }: Matrix,
  { name, ground }: Row,
  log: string,
): Promise<Verdict> {
  const programs: Program[] = [];
  try {
    for (const axis of AXES) programs.push(await obtainProgram(session, home, axis, ground[axis]));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { outcome: 'not run', why: error.message };
  }
  const versions = versionsIn(programs, ground);
  const before = results.held(commit, versions);
  if (before !== undefined) return { outcome: 'held', ...before };
  note(`${name}: npm test on ${versions}; its output: ${log}`);
  const started = performance.now();
  const counts = await runTests(session, { repository, commit, programs, log });
  const seconds = Math.round((performance.now() - started) / 1000);
  const result = { commit, versions, seconds, ...counts };
  results.add(result);
  return { outcome: counts.failed === 0 ? 'held' : 'failed', ...result };
}

const versionsIn = (programs: readonly Program[], { redis }: Ground): string =>
  programs
    .map(({ as, version }) => `${as === 'redis-server' ? redis.split(' ')[0] : as} ${version}`)
    .join(', ');

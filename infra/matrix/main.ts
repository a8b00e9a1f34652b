/**
 * `npm run matrix [-- ROW …]`: the whole of `npm test` on each supported version, one axis at a time.
 *
 * What is committed is tested, in a new clone for each run. Results are kept in `.portcullis/matrix`:
 * started again, it goes on where it was. Ends with 0 when every row held, with 1 when one failed, with 3
 * when none failed and one could not be run, with 2 for words that it does not know.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Results } from './results.ts';
import { ROWS, type Row } from './rows.ts';
import { runMatrix, type Verdict } from './run-matrix.ts';
import { inSession } from '../lifetime/session.ts';
import { DATA_ROOT, ROOT } from '../paths.ts';
import { postgresHome } from '../servers/postgres-home.ts';
import { green, note, red } from '../steps.ts';
import { unprivilegedUser } from '../system/unprivileged-user.ts';
import { nearest } from '../usage/nearest.mjs';
import { WrongUsage, type Words } from '../usage/read-words.mjs';

const FOLDER = join(DATA_ROOT, 'matrix');

export async function main(words: Words): Promise<number> {
  const asked = words.names;
  const rows = ROWS.map(({ name }) => name);
  const unknown = asked.find((word) => !rows.includes(word));
  if (unknown !== undefined) {
    const what = `there is no row ${unknown}, but ${rows.join(', ')}`;
    throw new WrongUsage('npm run matrix', what, nearest(unknown, rows));
  }
  return await inSession(FOLDER, 'npm run matrix', async (session) => {
    if (git('status', '--porcelain') !== '') {
      note('what is not committed is not tested: each row runs in a clone of HEAD');
    }
    return await runMatrix(session, {
      rows: asked.length === 0 ? ROWS : ROWS.filter(({ name }) => asked.includes(name)),
      repository: ROOT,
      commit: git('rev-parse', 'HEAD'),
      home: await postgresHome(session, unprivilegedUser()),
      results: new Results(join(FOLDER, 'results.json')),
      report: printRow,
    });
  });
}

function printRow({ name }: Row, verdict: Verdict, log: string): void {
  const start = `  ${name.padEnd(12)} `;
  if (verdict.outcome === 'not run') {
    console.log(`${start}${red('NOT RUN')}  ${verdict.why}`);
    return;
  }
  const { outcome, passed, failed, seconds, versions } = verdict;
  const said = outcome === 'held' ? green('held   ') : red('FAILED ');
  const minutes = (seconds / 60).toFixed(1);
  console.log(`${start}${said}  ${passed} passed, ${failed} failed  ${minutes} min  ${versions}`);
  if (outcome === 'failed') note(`its output: ${log}`);
}

const git = (...words: string[]): string =>
  execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Check } from './catalogue.ts';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { turboEnvironment } from '../services/build.ts';
import { line, note, red } from '../steps.ts';

/** Runs a check and prints its line, and all that it wrote if it fails. */
export async function runCheck(session: Session, check: Check): Promise<boolean> {
  const log = join(session.dataFolder, 'logs', `${check.name}.log`);
  const started = performance.now();
  const status = await runCommand(session.supervisor, {
    name: check.name,
    argv: check.argv,
    env: turboEnvironment(),
    output: { file: log },
  });
  session.signal.throwIfAborted();
  line(check.name, performance.now() - started, status === 0 ? 'ok' : red('failed'));
  if (status === 0) return true;
  // Some tools colour all that they write once CI is set.
  console.log(`\n${stripVTControlCharacters(readFileSync(log, 'utf8')).trimEnd()}\n`);
  note(`to see it again: ${check.fix}`);
  return false;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { note, step } from '../steps.ts';

/** What vitest's JSON reporter says, as far as it matters here. */
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          title: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

export interface FieldTest {
  title: string;
  outcome: 'passed' | 'failed' | 'not run';
  /** The whole of each failure, its stack too. */
  failures: readonly string[];
}

export interface FieldResults {
  tests: FieldTest[];
  /** Files of which no test was run, and why. */
  broken: { file: string; why: string }[];
}

/** Runs the field tests of a checkout that is installed and built, against these servers. */
export async function runFieldTests(
  session: Session,
  checkout: string,
  ids: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<FieldResults> {
  const file = join(session.dataFolder, 'field.json');
  const titles = `(^|[ ,])(${ids.join('|')})[,:] `;
  const run = async (): Promise<number> =>
    await runCommand(session.supervisor, {
      name: 'vitest',
      argv: [
        join(checkout, 'node_modules', '.bin', 'vitest'),
        ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
        ...['--testNamePattern', titles, 'test/field/'],
      ],
      cwd: checkout,
      env,
      output: { file: join(session.dataFolder, 'logs', 'field.log') },
    });
  note(`running the tests of ${ids.length} faults: some minutes for all of them ...`);
  await step('tests', run);
  session.signal.throwIfAborted();
  return readResults(readFileSync(file, 'utf8'));
}

export function readResults(json: string): FieldResults {
  const { testResults } = report.parse(JSON.parse(json));
  return {
    tests: testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ title, status, failureMessages }) => ({
        title,
        outcome: status === 'passed' || status === 'failed' ? status : 'not run',
        failures: failureMessages ?? [],
      })),
    ),
    broken: testResults
      .filter(({ assertionResults, message }) => assertionResults.length === 0 && message)
      .map(({ name, message = '' }) => ({ file: name, why: message })),
  };
}

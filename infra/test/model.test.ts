/** The model of the revocation protocol in its short form: `npm run model` runs the long one. */
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from './run-program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BOOTSTRAP = join(ROOT, 'infra', 'bootstrap.mjs');

test('the models hold in every state, and each mutant is refuted', async () => {
  const run = await runProgram(process.execPath, [BOOTSTRAP, 'model', '--short'], {
    cwd: ROOT,
    limitMs: 240_000,
  });
  const output = `${run.stdout}${run.stderr}`;
  expect(run.status, output).toBe(0);
  expect(output).toContain('as it should be');
  expect(output.match(/ in +\d+ steps/g)).toHaveLength(21);
}, 250_000);

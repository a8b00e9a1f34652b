import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lastLine, vitestCounts } from '../checks/counts.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-counts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const report = (over: object = {}): string => {
  const file = join(folder, 'report.json');
  const counts = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  writeFileSync(file, JSON.stringify({ ...counts, testResults: [], ...over }));
  return file;
};
const passed = { status: 'passed', assertionResults: [{ status: 'passed' }] };
const broken = { status: 'failed', assertionResults: [] };
const failed = { status: 'failed', assertionResults: [{ status: 'failed' }] };

test.each([
  ['all passed', report, {}, 0, '3 passed, 0 failed'],
  [
    'skipped and to do',
    report,
    { numPendingTests: 1, numTodoTests: 1 },
    0,
    '3 passed, 0 failed, 2 skipped',
  ],
  [
    'a failed test',
    report,
    { numFailedTests: 1, testResults: [passed, failed] },
    1,
    '3 passed, 1 failed',
  ],
  ['a file that does not load', report, { testResults: [passed, broken] }, 1, '3 passed, 1 failed'],
  ['an error outside of any test', report, {}, 1, '3 passed, 1 failed'],
  ['no tests', report, { numPassedTests: 0 }, 0, '0 passed, 1 failed'],
  [
    'only skipped ones',
    report,
    { numPassedTests: 0, numPendingTests: 9 },
    0,
    '0 passed, 1 failed, 9 skipped',
  ],
  ['another shape', report, { numPassedTests: 'many' }, 0, '0 passed, 1 failed'],
])('%s', (_name, write, over, exitStatus, line) => {
  expect(lastLine(vitestCounts(write(over), exitStatus))).toBe(line);
});

test('no report', () => {
  expect(lastLine(vitestCounts(join(folder, 'none.json'), 0))).toBe('0 passed, 1 failed');
});

import { readFileSync } from 'node:fs';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

export const add = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/** The last line of `npm test`. */
export function lastLine({ passed, failed, skipped }: Counts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}

/**
 * Reads what vitest's JSON reporter wrote. Anything that is not plainly a success is a failure: no
 * report, a file that could not be loaded, no tests at all, an exit status with nothing to show.
 */
export function vitestCounts(reportFile: string, exitStatus: number): Counts {
  const report = readReport(reportFile);
  if (!report) return { ...NONE, failed: 1 };
  const filesThatBroke = report.testResults.filter(
    (file) =>
      file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const counts = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + filesThatBroke,
    skipped: report.numPendingTests + report.numTodoTests,
  };
  const unexplained = exitStatus !== 0 && counts.failed === 0;
  const empty = counts.passed + counts.failed === 0;
  return unexplained || empty ? { ...counts, failed: counts.failed + 1 } : counts;
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

function readReport(file: string): Report | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isReport(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isReport(value: unknown): value is Report {
  if (typeof value !== 'object' || value === null) return false;
  const report: Partial<Report> = value;
  return (
    [
      report.numPassedTests,
      report.numFailedTests,
      report.numPendingTests,
      report.numTodoTests,
    ].every(Number.isInteger) &&
    Array.isArray(report.testResults) &&
    report.testResults.every((file) => Array.isArray(file?.assertionResults))
  );
}

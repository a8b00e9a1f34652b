import { faultsOf } from './documented-faults.ts';
import type { FieldResults, FieldTest } from './run-field-tests.ts';

export type Expected = 'holds' | 'fails';

export interface Verdict {
  id: string;
  /** Whether it is as expected. */
  right: boolean;
  /** What was seen: the assertion that failed, or why nothing is shown. */
  detail: string;
}

export interface Verdicts {
  faults: Verdict[];
  broken: FieldResults['broken'];
}

/** One verdict for each id: what none of the tests has shown is never right. */
export function verdictsOf(
  { tests, broken }: FieldResults,
  ids: readonly string[],
  expected: Expected,
): Verdicts {
  const judge = expected === 'holds' ? holding : failing;
  return {
    faults: ids.map((id) => {
      const own = tests.filter(
        ({ title, outcome }) => outcome !== 'not run' && faultsOf(title).includes(id),
      );
      if (own.length === 0) return { id, right: false, detail: 'no test of it was run' };
      return { id, ...judge(own) };
    }),
    broken,
  };
}

function holding(tests: readonly FieldTest[]): Omit<Verdict, 'id'> {
  const failed = tests.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return { right: true, detail: `${tests.length} passed` };
  return { right: false, detail: failed.map((test) => said(test)).join('\n') };
}

/** Others of its tests may pass there: what was right already stays right. */
function failing(tests: readonly FieldTest[]): Omit<Verdict, 'id'> {
  const shown = tests.filter(({ failures }) => failures.some((text) => isAssertion(text)));
  if (shown.length > 0) return { right: true, detail: shown.map((test) => said(test)).join('\n') };
  const failed = tests.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return { right: false, detail: 'its tests pass there' };
  return { right: false, detail: `no assertion: ${failed.map((test) => said(test)).join('\n')}` };
}

/** One that is polled for (`expect.poll`) loses its name on the way. */
function isAssertion(failure: string): boolean {
  return /^(?:AssertionError: |Error: expected )/.test(failure);
}

/** The title and the first lines of what it says, without the stack. */
function said({ title, failures }: FieldTest): string {
  const reasons = failures.map((text) => text.split(/\n\s+at /)[0]?.trim() ?? '');
  return `${title}\n${reasons.join('\n')}`;
}

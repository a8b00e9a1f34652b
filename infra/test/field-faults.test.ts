/** docs/field-faults.md and the field tests speak of the same faults; what a run of them shows. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { documentedFaults, faultsOf, isFieldFile } from '../field/documented-faults.ts';
import { FORMER_WORDS, inFormerWords } from '../field/former-words.ts';
import { readResults } from '../field/run-field-tests.ts';
import { verdictsOf, type Expected } from '../field/verdicts.ts';
import { ROOT } from '../paths.ts';

const page = readFileSync(join(ROOT, 'docs', 'field-faults.md'), 'utf8');
const sections = page.split(/^### /m).slice(1);

function fieldTestFiles(): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  return listed.split('\0').filter((path) => isFieldFile(path) && path.endsWith('.test.ts'));
}

/** Each fault, by the files whose tests name it in their titles. */
function filesByFault(): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const path of fieldTestFiles()) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    for (const [, title = ''] of text.matchAll(
      /\b(?:it|test)(?:\.each\([^]*?\))?\(\s*['`"](.*)/g,
    )) {
      for (const id of faultsOf(title)) files.set(id, [...(files.get(id) ?? []), path]);
    }
  }
  return files;
}

test('each fault of the page has a test in a file that its section names', () => {
  const files = filesByFault();
  const wrong = sections.flatMap((section) => {
    const id = section.slice(0, section.indexOf(':'));
    const own = files.get(id) ?? [];
    return own.some((path) => section.includes(path)) ? [] : [`${id}: ${own.join(', ') || 'none'}`];
  });
  expect(wrong).toEqual([]);
});

test('each test of a fault has its section', () => {
  const known = documentedFaults();
  expect([...filesByFault().keys()].filter((id) => !known.includes(id))).toEqual([]);
});

test('each section tells its kind, its test and its neighbours', () => {
  const wanting = sections.filter((section) =>
    ['Kind', 'Test', 'Neighbours'].some((part) => {
      const [, said = ''] = section.split(`- **${part}:**`);
      return said.split('- **')[0]?.trim() === '';
    }),
  );
  expect(wanting.map((section) => section.split('\n')[0])).toEqual([]);
});

const vitestReport = (tests: [title: string, failure?: string][], message = ''): string =>
  JSON.stringify({
    testResults: [
      {
        name: 'a.test.ts',
        message,
        assertionResults: tests.map(([title, failure]) => ({
          title,
          status: failure === undefined ? 'passed' : 'failed',
          failureMessages: failure === undefined ? [] : [failure],
        })),
      },
    ],
  });
const ASSERTION = 'AssertionError: expected 200 to be 400\n    at a.test.ts:1:1';
const POLLED = 'Error: expected [] to deeply equal [ 1 ]\n    at a.test.ts:1:1';
const TIME_OUT = 'Error: Test timed out in 120000ms.\n    at a.test.ts:1:1';

test.each<[string, Expected, [string, string?][], boolean]>([
  ['a fault that holds', 'holds', [['V1: is right']], true],
  ['a fault that fails', 'holds', [['V1: is right', ASSERTION]], false],
  ['one test of two that fails', 'holds', [['V1: is right'], ['V1: is right', ASSERTION]], false],
  ['a fault without a test', 'holds', [['V2: is right']], false],
  ['a longer id', 'holds', [['V11: is right']], false],
  ['a test of two faults', 'holds', [['V2, V1: is right']], true],
  ['a failed assertion elsewhere', 'fails', [['V1: is right', ASSERTION]], true],
  ['beside a test that passes', 'fails', [['V1: was right'], ['V1: is right', ASSERTION]], true],
  ['an assertion that was polled for elsewhere', 'fails', [['V1: is right', POLLED]], true],
  ['a time limit elsewhere', 'fails', [['V1: is right', TIME_OUT]], false],
  ['a test that passes elsewhere', 'fails', [['V1: is right']], false],
])('%s', (_, expected, tests, right) => {
  const [verdict] = verdictsOf(readResults(vitestReport(tests)), ['V1'], expected).faults;
  expect(verdict?.right).toBe(right);
});

test('the assertion that failed is shown without its stack', () => {
  const results = readResults(vitestReport([['V1: is right', ASSERTION]]));
  expect(verdictsOf(results, ['V1'], 'fails').faults).toEqual([
    { id: 'V1', right: true, detail: 'V1: is right\nAssertionError: expected 200 to be 400' },
  ]);
});

test('a file that cannot be loaded is no failure of a fault', () => {
  const results = readResults(vitestReport([], 'Failed to resolve import'));
  expect(results).toEqual({
    tests: [],
    broken: [{ file: 'a.test.ts', why: 'Failed to resolve import' }],
  });
});

test('a test is put into the words of another commit, whole words alone and each once', () => {
  const words = [
    ['@portcullis/bus', '@portcullis/contracts'],
    ['@portcullis/contracts/schemas', '@portcullis/contracts'],
    ['user', 'person'],
    ['contracts', 'papers'],
    ['a.b', 'ab'],
  ] as const;
  const text = `import { one } from '@portcullis/bus';
import { two } from '@portcullis/contracts/schemas';
const users = [user, 'a.b', 'axb', 'my-user', user2, "the user's"];`;
  expect(inFormerWords(text, words)).toBe(`import { one } from '@portcullis/contracts';
import { two } from '@portcullis/contracts';
const users = [person, 'ab', 'axb', 'my-user', user2, "the person's"];`);
  expect(inFormerWords(text, [])).toBe(text);
});

test('each former word is another one, and each is of the commit before', () => {
  for (const [now, then] of FORMER_WORDS) expect(now).not.toBe(then);
  expect(inFormerWords("feed.deregister('throttled')")).toBe("feed.farewell('held-back')");
});

test('field tests name packages that the former words know, or that were there', () => {
  const there = ['api', 'client', 'contracts', 'events', 'service', 'testkit', 'verify'];
  const unknown = fieldTestFiles().flatMap((path) => {
    const text = inFormerWords(readFileSync(join(ROOT, path), 'utf8'));
    const named = [...text.matchAll(/from '@portcullis\/([a-z]+(?:\/schemas)?)/g)];
    return named.map(([, name = '']) => name).filter((name) => !there.includes(name));
  });
  expect(unknown).toEqual([]);
});

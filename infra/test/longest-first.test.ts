/** The order in which files of tests begin. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LONGEST, longestFirst } from '../checks/longest-first.ts';
import { ROOT } from '../paths.ts';

test('each of the longest is there, and once', () => {
  expect(LONGEST.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  expect(new Set(LONGEST).size).toBe(LONGEST.length);
});

test('the longest come first, as they are listed, and the others stay in their order', () => {
  const [longest = '', second = ''] = LONGEST;
  const given = ['packages/b.test.ts', second, 'apps/a.test.ts', longest];
  const files = given.map((file) => ({ moduleId: join(ROOT, file) }));
  const begun = longestFirst(files).map(({ moduleId }) => moduleId.slice(ROOT.length + 1));
  expect(begun).toEqual([longest, second, 'packages/b.test.ts', 'apps/a.test.ts']);
});

/** docs/asvs.md speaks of every requirement of ASVS 5.0.0 once, and of nothing that is not there. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../paths.ts';

/** How many requirements each section of the standard has. */
const SECTIONS: Readonly<Record<string, readonly number[]>> = {
  1: [2, 10, 12, 3, 3],
  2: [3, 3, 5, 2],
  3: [1, 3, 5, 8, 8, 1, 5],
  4: [5, 5, 2, 4],
  5: [1, 6, 3, 3],
  6: [3, 12, 8, 6, 8, 4, 2, 4],
  7: [3, 4, 2, 5, 3, 2],
  8: [4, 4, 3, 2],
  9: [3, 4],
  10: [2, 3, 5, 16, 5, 2, 3],
  11: [4, 5, 5, 4, 2, 2, 2],
  12: [5, 2, 5],
  13: [4, 6, 4, 7],
  14: [2, 8, 3],
  15: [5, 5, 7, 4],
  16: [1, 5, 4, 3, 4],
  17: [2, 8, 2],
};

const standard = Object.entries(SECTIONS).flatMap(([chapter, counts]) =>
  counts.flatMap((count, section) =>
    Array.from({ length: count }, (_, n) => `${chapter}.${section + 1}.${n + 1}`),
  ),
);
const page = async (name: string): Promise<string> =>
  await readFile(join(ROOT, 'docs', name), 'utf8');

interface Row {
  id: string;
  shownBy: string;
}

function rowsOf(text: string): Row[] {
  return [...text.matchAll(/^\| (\d+\.\d+\.\d+) +\|[^|]*\| (.*?) +\|$/gm)].map(
    ([, id = '', shownBy = '']) => ({ id, shownBy }),
  );
}

/** `1.2.6–1.2.8`, or `all` of a chapter, one by one. */
function withoutRanges(chapter: string, words: string): string[] {
  const all = standard.filter((id) => id.startsWith(`${chapter}.`));
  if (words === 'all') return all;
  return words.split(', ').flatMap((word) => {
    const [first = '', last = first] = word.split('–');
    return all.slice(all.indexOf(first), all.indexOf(last) + 1);
  });
}

/** In the words of security.md. A requirement that is met in part is not met yet. */
function kindOf(shownBy: string): 'tests' | 'construction' | 'documents' | 'operator' | 'notYet' {
  if (shownBy.includes('not yet')) return 'notYet';
  if (shownBy.includes('.test.ts`')) return 'tests';
  if (shownBy.includes('by construction')) return 'construction';
  return shownBy.includes("the operator's") && !shownBy.includes('](') ? 'operator' : 'documents';
}

test('every requirement is spoken of once', async () => {
  expect(standard).toHaveLength(345);
  const text = await page('asvs.md');
  const none = [...text.matchAll(/^\| V(\d+) +\| (.*?) +\|/gm)].flatMap(
    ([, chapter = '', ids = '']) => withoutRanges(chapter, ids),
  );
  const spoken = [...rowsOf(text).map(({ id }) => id), ...none];
  expect(spoken.filter((id, at) => spoken.indexOf(id) !== at)).toEqual([]);
  expect(standard.filter((id) => !spoken.includes(id))).toEqual([]);
  expect(spoken.filter((id) => !standard.includes(id))).toEqual([]);
});

test('the tests that it names are there', async () => {
  const named = [...(await page('asvs.md')).matchAll(/`([\w./-]+\.test\.ts)`/g)].map(
    ([, path = '']) => path,
  );
  expect(named.length).toBeGreaterThan(200);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('docs/security.md counts it rightly', async () => {
  const counted = new Map<string, Record<string, number>>();
  for (const { id, shownBy } of rowsOf(await page('asvs.md'))) {
    const chapter = `V${id.split('.')[0]}`;
    const counts = counted.get(chapter) ?? {};
    const kind = kindOf(shownBy);
    counts[kind] = (counts[kind] ?? 0) + 1;
    counted.set(chapter, counts);
  }
  const told = [
    ...(await page('security.md')).matchAll(
      /^\| (V\d+) [^|]*\| +(\d+) +\| +(\d+) +\| +(\d+) +\| +(\d+) +\| +(\d+) +\|$/gm,
    ),
  ].map(([, chapter, tests, construction, documents, operator, notYet]) => [
    chapter,
    { tests, construction, documents, operator, notYet },
  ]);
  const zero = { tests: 0, construction: 0, documents: 0, operator: 0, notYet: 0 };
  const expected = [...counted].map(([chapter, counts]) => [
    chapter,
    Object.fromEntries(
      Object.entries({ ...zero, ...counts }).map(([kind, count]) => [kind, String(count)]),
    ),
  ]);
  expect(told).toEqual(expected);
});

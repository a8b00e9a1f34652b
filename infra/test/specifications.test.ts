/** Specifications, the code and the tests speak of the same invariants, in both directions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../paths.ts';

const SPECIFICATIONS = [
  { folder: 'packages/verify', letter: 'I', sources: ['src/revocation'] },
  { folder: 'apps/auth', letter: 'A', sources: ['src/revocation', 'src/change'] },
];

/** Whether a file has a test of exactly this title, and leaves none of its tests out. */
function hasTest(text: string, title: string): boolean {
  const code = text.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  if (/\.(?:skip|todo|only|skipIf|runIf)\b/.test(code)) return false;
  return ["'", '"', '`'].some((quote) => code.includes(`${quote}${title}${quote}`));
}

describe.each(SPECIFICATIONS)('$folder/SPEC.md', ({ folder, letter, sources }) => {
  const read = (path: string): string => readFileSync(join(ROOT, folder, path), 'utf8');
  const number = new RegExp(`${letter}\\d+`, 'g');
  const invariants = read('SPEC.md')
    .split(new RegExp(`^### (?=${letter}\\d+: )`, 'm'))
    .slice(1)
    .map((section) => ({
      id: section.slice(0, section.indexOf(':')),
      enforced: pairsOf(section, /^- Enforced by `([^`]+)`: `([^`]+)`$/gm),
      shown: pairsOf(section, /^- Shown by `([^`]+)`: "([^"]+)"$/gm),
      model: namesOf(section, /^- Shown by the model: `([^`]+)`$/gm),
      simulation: namesOf(section, /^- Shown by the simulation: `([^`]+)`$/gm),
    }));

  test('numbers its invariants from 1, and says of each what enforces and what shows it', () => {
    expect(invariants.map(({ id }) => id)).toEqual(invariants.map((_, at) => `${letter}${at + 1}`));
    expect(invariants.length).toBeGreaterThan(5);
    const bare = invariants.filter(({ enforced, shown }) => enforced.length * shown.length === 0);
    expect(bare.map(({ id }) => id)).toEqual([]);
  });

  test('quotes lines that are in the code, and titles of tests that run', () => {
    const wrong = invariants.flatMap(({ id, enforced, shown }) => [
      ...enforced
        .filter(([file, line]) => !read(file).replaceAll(/\s+/g, ' ').includes(line))
        .map((pair) => [id, ...pair].join(': ')),
      ...shown
        .filter(([file, title]) => !hasTest(read(file), title))
        .map((pair) => [id, ...pair].join(': ')),
    ]);
    expect(wrong).toEqual([]);
  });

  test('names properties of the model, and protections that the simulation can leave out', () => {
    const model = readFileSync(join(ROOT, 'infra/model/revocation.pml'), 'utf8');
    const without = readdirSync(join(ROOT, 'apps/auth/simulation/without'));
    for (const { model: properties, simulation } of invariants) {
      for (const name of properties) expect(model).toContain(`assert(${name})`);
      for (const name of simulation) expect(without).toContain(`${name}.ts`);
    }
  });

  test('is named by its number in the files that enforce an invariant, and in no other', () => {
    const named = sources.flatMap((source) =>
      readdirSync(join(ROOT, folder, source))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${source}/${name}`),
    );
    const enforcing = invariants.flatMap(({ enforced }) => enforced.map(([file]) => file));
    for (const file of new Set([...named, ...enforcing])) {
      const marks = read(file).match(new RegExp(`SPEC\\.md (?:${letter}\\d+(?:, )?)+`, 'g')) ?? [];
      const expected = invariants.filter(({ enforced }) => enforced.some(([one]) => one === file));
      expect(marks.flatMap((mark) => mark.match(number) ?? []).toSorted(), file).toEqual(
        expected.map(({ id }) => id).toSorted(),
      );
    }
  });
});

test('the properties of the model are guarantees of the protocol, by number and name', () => {
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
  const guarantees = namesOf(read('docs/revocation.md'), /^- \*\*(G\d [^.]+)\.\*\*/gm);
  const names = guarantees.map((name) => name.replaceAll(' ', '_').toLowerCase());
  const properties = namesOf(read('infra/model/revocation.pml'), /^ {2}assert\((G\d_\w+)\)/gm);
  expect(properties).toContain('G2_receipt');
  for (const property of properties) expect(names).toContain(property.toLowerCase());
  for (const { folder } of SPECIFICATIONS) {
    expect(read(`${folder}/SPEC.md`)).toContain('](../../docs/revocation.md#guarantees)');
  }
});

function pairsOf(text: string, form: RegExp): [string, string][] {
  return [...text.matchAll(form)].map(([, first = '', second = '']) => [first, second]);
}

function namesOf(text: string, form: RegExp): string[] {
  return [...text.matchAll(form)].map(([, name = '']) => name);
}

/** Floors: no folder and no file leads back to itself, by types neither. And how long they are. */
import { describe, expect, test } from 'vitest';
import { cyclesOf } from '../structure/cycles.ts';
import { importsOf } from '../structure/imports.ts';
import { ROOMS_OF_AUTH } from '../structure/rooms-of-auth.ts';
import { linesOf, longFunctionsOf } from '../structure/sizes.ts';
import { filesBelow, roomsBelow, sourceFolders, textsBelow } from '../structure/sources.ts';

const AUTH = 'apps/auth/src/';
const folders = sourceFolders();

test('every app and package is looked at', () => {
  const expected = [AUTH, 'apps/user/src/', 'packages/verify/src/', 'infra/', 'bench/'];
  expect(folders).toEqual(expect.arrayContaining(expected));
  expect(folders.length).toBeGreaterThanOrEqual(12);
});

describe.each(folders)('%s', (folder) => {
  const files = filesBelow(folder);

  test('has no files that import each other', () => {
    expect(cyclesOf(files)).toEqual([]);
  });

  test('has no folders that import each other', () => {
    expect(cyclesOf(roomsBelow(folder, files))).toEqual([]);
  });
});

describe('files and functions', () => {
  const MEDIAN_LINES = 80;
  const FILE_LINES = 350;
  const FUNCTION_LINES = 70;
  /** One table of routes: one procedure after the other, with nothing between them. */
  const ROUTES = ['packages/api/src/auth.ts: createAuthRouter'];
  const texts = folders
    .flatMap((folder) => [...textsBelow(folder)])
    .filter(([path]) => !path.startsWith('infra/test/'));
  const lengths = texts.map(([path, text]) => ({ path, lines: linesOf(text) }));

  test(`half of the files have at most ${MEDIAN_LINES} lines`, () => {
    const sorted = lengths.map(({ lines }) => lines).toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(MEDIAN_LINES);
  });

  test(`no file has over ${FILE_LINES} lines`, () => {
    const long = lengths.filter(({ lines }) => lines > FILE_LINES).map(({ path }) => path);
    expect(long).toEqual([]);
  });

  test(`no function has over ${FUNCTION_LINES} lines, besides the table of routes`, () => {
    const long = texts.flatMap(([path, text]) =>
      longFunctionsOf(path, text, FUNCTION_LINES).map(({ name }) => `${path}: ${name}`),
    );
    expect(long.toSorted()).toEqual(ROUTES);
  });
});

test('a room of auth imports what its row says, and each word of the row is needed', () => {
  const files = filesBelow(AUTH);
  const rooms = [...roomsBelow(AUTH, files)].filter(([room]) => !room.endsWith('.ts'));
  const found = rooms.map(([room, others]) => [room, [...others].toSorted()]);
  const said = Object.entries(ROOMS_OF_AUTH).map(([room, others]) => [room, others.toSorted()]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(said));
});

test('a file that is moved back to where it was is found', () => {
  const files = new Map(filesBelow(AUTH));
  const moved = `${AUTH}password/password-hasher.ts`;
  const back = `${AUTH}account/password-hasher.ts`;
  const moving = [...files].map(([path, named]) => {
    const others = [...named].map((other) => (other === moved ? back : other));
    return [path === moved ? back : path, new Set(others)] as const;
  });
  expect(cyclesOf(roomsBelow(AUTH, files))).toEqual([]);
  expect(cyclesOf(roomsBelow(AUTH, new Map(moving))).flat()).toContain('login');
});

test('imports are found in every form that the language has', () => {
  const text = `
    import './a.ts'; import type { B } from './b.ts'; export { c } from './c.ts';
    export * from '../d.ts'; export type { E } from './e.ts'; const f = await import('./f.ts');
    type G = import('./g.ts').G; import { h } from 'h'; // import './i.ts'
  `;
  const found = ['x/a.ts', 'x/b.ts', 'x/c.ts', 'd.ts', 'x/e.ts', 'x/f.ts', 'x/g.ts'];
  expect(importsOf('x/y.ts', text)).toEqual(found);
});

test('functions are measured with those inside of them, by their names', () => {
  const text =
    'function a() {\n  return () => {\n    b();\n  };\n}\nconst c = function d() {\n};\n';
  expect(longFunctionsOf('x.ts', text, 2)).toEqual([
    { name: 'a', lines: 5 },
    { name: 'line 2', lines: 3 },
  ]);
});

test('a cycle is found with all of its members, and nothing beside it', () => {
  const lead = { a: ['b'], b: ['c', 'd'], c: ['a'], d: ['e'], e: ['d'], f: ['a', 'g'] };
  const graph = new Map(Object.entries(lead).map(([node, next]) => [node, new Set(next)]));
  expect(cyclesOf(graph)).toEqual([
    ['d', 'e'],
    ['a', 'b', 'c'],
  ]);
});

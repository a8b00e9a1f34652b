/**
 * Files that must not compile, and must not for exactly the reasons that they state:
 *
 *     // expect: TS2741 'audience' is missing
 *     the line with the error, whose message holds those words
 *
 * They end in `.txt`, so that no other tool takes them for sources.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from './run-program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(import.meta.dirname, 'types');
const FIXTURES = readdirSync(FOLDER).filter((file) => file.endsWith('.ts.txt'));

interface Finding {
  /** Counted from 1. */
  line: number;
  code: string;
  message: string;
}
let found: Map<string, Finding[]>;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'portcullis-types-'));
  found = new Map([
    ...(await compile(
      'consumer',
      FIXTURES.filter((file) => !isOfClient(file)),
      linkPackages,
    )),
    ...(await compile('client', FIXTURES.filter(isOfClient), linkDependenciesOfClient)),
  ]);
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const isOfClient = (file: string): boolean => file.startsWith('client-');
const isControl = (file: string): boolean => file.includes('control');

test('there is a file for each promise', () => {
  expect(FIXTURES.toSorted()).toEqual([
    'client-control.ts.txt',
    'client-imports-server.ts.txt',
    'control.ts.txt',
    'guard-options.ts.txt',
    'own-permissions.ts.txt',
    'unknown-permission.ts.txt',
    'unknown-role.ts.txt',
    'unknown-service.ts.txt',
    'verifier-without-audience.ts.txt',
    'wrong-input.ts.txt',
  ]);
});

describe('compiles', () => {
  test.each(FIXTURES.filter(isControl))('%s', (file) => {
    expect(found.get(file)).toEqual([]);
  });
});

describe('does not compile, where and why it says', () => {
  test.each(FIXTURES.filter((file) => !isControl(file)))('%s', (file) => {
    const expected = expectationsIn(readFileSync(join(FOLDER, file), 'utf8'));
    expect(expected.length).toBeGreaterThan(0);
    expect(found.get(file)).toEqual(
      expected.map(({ message, ...where }) => ({
        ...where,
        message: expect.stringContaining(message),
      })),
    );
  });
});

function expectationsIn(text: string): Finding[] {
  return text.split('\n').flatMap((content, index) => {
    const marker = /^\s*\/\/ expect: (TS\d+) (.+)$/.exec(content);
    if (marker === null) return [];
    return [{ line: index + 2, code: marker[1] ?? '', message: marker[2] ?? '' }];
  });
}

/** Compiles the fixtures together in a folder of their own, with the options of the repository. */
async function compile(
  place: string,
  fixtures: readonly string[],
  link: (folder: string) => void,
): Promise<Map<string, Finding[]>> {
  const folder = join(scratch, place);
  mkdirSync(folder);
  link(folder);
  for (const file of fixtures) {
    writeFileSync(join(folder, file.replace(/\.txt$/, '')), readFileSync(join(FOLDER, file)));
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const compilerOptions = {
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    lib: ['es2023', 'dom', 'esnext.disposable', 'esnext.collection'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  const config = { extends: join(ROOT, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout } = await runProgram(
    join(ROOT, 'node_modules/.bin/tsc'),
    ['-p', folder, '--pretty', 'false', '--singleThreaded'],
    { cwd: folder, limitMs: 90_000 },
  );
  const findings = new Map<string, Finding[]>(fixtures.map((file) => [file, []]));
  // Messages go on in lines that are indented.
  const errors = /^([^\s(][^(\n]*)\((\d+),\d+\): error (TS\d+): (.*(?:\n +.*)*)/gm;
  for (const [, path = '', line, code = '', message = ''] of stdout.matchAll(errors)) {
    // What is wrong in the packages themselves is for their own type check to report.
    findings.get(`${basename(path)}.txt`)?.push({ line: Number(line), code, message });
  }
  return findings;
}

/** As in a service of one's own: the packages are installed, and nothing beside them. */
function linkPackages(folder: string): void {
  const scope = join(folder, 'node_modules/@portcullis');
  mkdirSync(scope, { recursive: true });
  for (const name of ['api', 'client', 'contracts', 'verify']) {
    symlinkSync(join(ROOT, 'packages', name), join(scope, name));
  }
}

/** As in packages/client: exactly what its package.json names, as pnpm links it. */
function linkDependenciesOfClient(folder: string): void {
  symlinkSync(join(ROOT, 'packages/client/node_modules'), join(folder, 'node_modules'));
}

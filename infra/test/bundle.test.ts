/** What an app loads before it can serve: a few files, without what most instances never need. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleApp } from '../bundle/bundle-app.mjs';
import { mapOfSources } from '../bundle/map-of-sources.mjs';
import { ROOT } from '../paths.ts';
import { runProgram } from './run-program.ts';

/** Files and bytes of a start, each with some room. As they are installed, the modules of auth are 1,444 files. */
const MOST = {
  auth: { files: 14, bytes: 3_750_000 },
  user: { files: 14, bytes: 1_750_000 },
  admin: { files: 14, bytes: 1_450_000 },
} as const;
/** Of any command: it has no HTTP server. */
const MOST_BYTES_OF_COMMAND = 800_000;

const ON_DEMAND =
  /zxcvbn|password\/guessability|verify\/src\/explain|\bajv\b|fast-json-stringify\/index/;
/** `import { z } from 'zod'` has them all, and `import * as z` what is used. */
const NEVER = /zod\/v4\/locales\/(?!en\.js)/;

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-bundle-')));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Start {
  readonly files: ReadonlySet<string>;
  readonly inputs: readonly string[];
  readonly bytes: number;
}

/** What is loaded before the first statement of the source of that program is run. */
function startOf(outputs: Metafile['outputs'], program: string): Start {
  const [entry] = Object.keys(outputs).filter((path) => path.endsWith(program));
  const first = entry === undefined ? undefined : outputs[entry]?.imports[0]?.path;
  if (entry === undefined || first === undefined) throw new Error(`no ${program}`);
  const files = new Set([entry, first]);
  // A set gives what is added to it while it is gone through.
  for (const file of files) {
    for (const { path, kind, external } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) files.add(path);
    }
  }
  const found = [...files].map((file) => outputs[file]);
  return {
    files,
    inputs: found.flatMap((output) => Object.keys(output?.inputs ?? {})),
    bytes: found.reduce((sum, output) => sum + (output?.bytes ?? 0), 0),
  };
}

describe.each(['auth', 'user', 'admin'] as const)('%s', (app) => {
  let outputs: Metafile['outputs'];
  let dist: string;
  beforeAll(async () => {
    dist = join(folder, app);
    outputs = await bundleApp(join(ROOT, 'apps', app), dist);
  });

  test('is ready after few files, without what few requests need', () => {
    const { files, bytes, inputs } = startOf(outputs, '/main.js');
    expect(inputs.filter((input) => ON_DEMAND.test(input) || NEVER.test(input))).toEqual([]);
    expect(inputs.length).toBeGreaterThan(500);
    expect(files.size).toBeLessThanOrEqual(MOST[app].files);
    expect(bytes).toBeLessThanOrEqual(MOST[app].bytes);
  });

  test('has commands that load no server', () => {
    const commands = Object.keys(outputs).filter((path) => /\/commands\/[\w-]+\.js$/.test(path));
    expect(commands.length > 0).toBe(app !== 'admin');
    for (const command of commands) {
      const { bytes, inputs } = startOf(outputs, command);
      expect(inputs.filter((input) => /\/(?:fastify|bullmq)\//.test(input))).toEqual([]);
      expect(bytes, command).toBeLessThanOrEqual(MOST_BYTES_OF_COMMAND);
    }
  });

  test('is text that V8 keeps in one byte a character', () => {
    const wide = Object.keys(outputs)
      .filter((path) => path.endsWith('.js'))
      .map((path) => resolve(ROOT, 'apps', app, path))
      .filter((path) => /[\u0100-\uFFFF]/.test(readFileSync(path, 'utf8')));
    expect(wide.map((path) => basename(path))).toEqual([]);
  });

  test('has no module twice in what is loaded at the start', () => {
    const { inputs } = startOf(outputs, '/main.js');
    expect(inputs.filter((path, index) => inputs.indexOf(path) !== index)).toEqual([]);
  });
});

describe('a program that was built', () => {
  test('names its sources in a stack trace, and no source where a dependency stands', async () => {
    const app = join(folder, 'failing');
    const library = join(app, 'node_modules/library');
    mkdirSync(join(app, 'src/commands'), { recursive: true });
    mkdirSync(library, { recursive: true });
    const write = (path: string, text: string): void => writeFileSync(join(app, path), text);
    write('package.json', '{ "type": "module" }');
    write('node_modules/library/package.json', '{ "type": "module", "main": "./index.js" }');
    write('node_modules/library/index.js', 'export function call(back) {\n  return back();\n}\n');
    write(
      'src/main.ts',
      `import { describeError } from '${join(ROOT, 'packages/service/src/logger.ts')}';
import { fail } from './deeper.ts';

try {
  fail();
} catch (error) {
  process.stderr.write(describeError(error).stack ?? '');
  process.exitCode = 1;
}
`,
    );
    write('src/commands/fail.ts', "import { fail } from '../deeper.ts';\n\nfail();\n");
    write(
      'src/deeper.ts',
      `import { call } from 'library';

/** A comment that is not built. */
export function fail(): never {
  return call(() => {
    throw new Error('as it should');
  });
}
`,
    );
    await bundleApp(app);
    for (const [program, source] of [
      ['dist/main.js', 'src/main.ts:5:3'],
      ['dist/commands/fail.js', 'src/commands/fail.ts:3:1'],
    ] as const) {
      const { status, stderr } = await runProgram(process.execPath, [join(app, program)], {
        cwd: app,
        env: {},
        limitMs: 20_000,
      });
      const frames = stderr.split('\n').filter((line) => line.startsWith('    at '));
      expect(status).toBe(1);
      expect(frames[0]).toContain(join(app, 'src/deeper.ts:6:11'));
      expect(frames[1]).toMatch(/at call \(.*dist\/parts\/.*\.js:/);
      expect(frames[2]).toContain(join(app, 'src/deeper.ts:5:10'));
      expect(frames[3]).toContain(join(app, source));
    }
  });

  test('has a map of our sources alone, which ends where they end', () => {
    const ours = 0;
    const theirs = 1;
    const oursToo = 2;
    const map = {
      version: 3,
      sources: ['src/a.ts', '../node_modules/x/b.js', 'src/c.ts'],
      names: [],
      // Of each: the column, the source, and line and column in it.
      mappings: encode([
        [
          [0, ours, 0, 0],
          [4, ours, 1, 2],
          [8, theirs, 0, 0],
          [12, theirs, 7, 0],
          [16, oursToo, 3, 4],
        ],
        [[0, theirs, 9, 0]],
      ]),
    };
    const slim = JSON.parse(mapOfSources(JSON.stringify(map)));
    expect(slim.sources).toEqual(['src/a.ts', 'src/c.ts']);
    expect(decode(slim.mappings)).toEqual([
      [[0, 0, 0, 0], [4, 0, 1, 2], [8], [16, 1, 3, 4]],
      [[0]],
    ]);
  });
});

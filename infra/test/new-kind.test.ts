/**
 * A kind of revocation cannot be forgotten. One that is added to the table and nowhere else does not compile, in
 * each place that has to know it; and a place that compiles and does not heed a kind fails by its name.
 */
import { REVOCATION_KIND_NAMES, REVOCATION_KINDS } from '@portcullis/contracts';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../paths.ts';
import { LEFT_OUT, type LeftOut } from './left-out/places.ts';
import { runProgram } from './run-program.ts';

const TABLE = 'src/revocation-kinds.ts';
/** What is compiled, beside the contracts, of what has to do with kinds. */
const SOURCES = [
  'packages/{bus,snapshot,verify,events,testkit}/src/**/*.ts',
  'packages/events/{generate,examples}/**/*.ts',
  'apps/auth/{src,simulation}/**/*.ts',
  'apps/auth/test/revocation/kinds.test.ts',
  'infra/faults/history/*.ts',
];

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'portcullis-kinds-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('does not compile', () => {
  /** How many places of each file do not. Nothing else fails, so that this is what compiles otherwise. */
  const PLACES = {
    'apps/auth/simulation/guarantees/facts.ts': 1,
    'apps/auth/simulation/guarantees/witness.ts': 1,
    'apps/auth/simulation/verbs/cut.ts': 2,
    'apps/auth/src/nats/read-events.ts': 1,
    'apps/auth/src/restore/later-events.ts': 1,
    'apps/auth/src/token/token-status.ts': 2,
    'apps/auth/test/revocation/kinds.test.ts': 1,
    'contracts/src/revocation-form.ts': 2,
    'contracts/test/types.test.ts': 2, // the schema
    'infra/faults/history/logged.ts': 1,
    'packages/events/examples/subscriber.ts': 1,
    'packages/events/generate/descriptions.ts': 1,
    'packages/snapshot/src/snapshot-reader.ts': 1, // of the form `named`
    'packages/snapshot/src/snapshot.ts': 1, // of the form `id`
    'packages/testkit/src/hostile/revoked.ts': 1,
    'packages/verify/src/revocation/comparison.ts': 1,
    'packages/verify/src/revocation/ledger-entries.ts': 1,
    'packages/verify/src/revocation/ledger.ts': 1,
  };

  test('each place that knows no new kind, of either form', { timeout: 300_000 }, async () => {
    const probes = (['id', 'named'] as const).map(
      (form, at) => `probe_${form}: {
      key: 'usr', carrier: 'sub', generation: 'gen', kept: 'token life', verdict: 'invalid_token',
      snapshot: { code: ${98 + at}, form: '${form}' },
    },`,
    );
    expect(await compiled('both', probes.join('\n'), SOURCES)).toEqual(PLACES);
  });

  test('a kind whose key tokens carry somewhere new', { timeout: 300_000 }, async () => {
    const probe = `probe: {
      key: 'usr', carrier: 'act', generation: null, kept: 'token life', verdict: 'invalid_token',
      snapshot: { code: 99, form: 'named' },
    },`;
    expect(await compiled('carrier', probe, [])).toHaveProperty([
      'contracts/src/revocation-kinds.ts',
    ]);
  });
});

/** @returns the errors of each file that does not compile when these rows are in the table besides */
async function compiled(
  name: string,
  rows: string,
  sources: readonly string[],
): Promise<Record<string, number>> {
  const folder = join(scratch, name);
  const contracts = join(folder, 'contracts');
  const own = join(ROOT, 'packages/contracts');
  for (const part of ['src', 'test'])
    cpSync(join(own, part), join(contracts, part), { recursive: true });
  symlinkSync(join(own, 'node_modules'), join(contracts, 'node_modules'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const table = readFileSync(join(contracts, TABLE), 'utf8');
  const end = '\n} as const satisfies';
  expect(table.split(end)).toHaveLength(2);
  writeFileSync(join(contracts, TABLE), table.replace(end, `\n${rows}${end}`));

  const config = {
    extends: join(ROOT, 'tsconfig.base.json'),
    compilerOptions: {
      composite: false,
      declaration: false,
      declarationMap: false,
      noEmit: true,
      allowJs: true,
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: false,
      lib: ['es2023', 'esnext.disposable', 'esnext.collection'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      paths: {
        '@portcullis/contracts': [join(contracts, 'src/index.ts')],
        '@portcullis/contracts/schemas': [join(contracts, 'src/schemas/index.ts')],
      },
    },
    include: [
      'contracts/src/**/*.ts',
      'contracts/test/types.test.ts',
      ...sources.flatMap(alternatives).map((pattern) => join(ROOT, pattern)),
    ],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout } = await runProgram(
    join(ROOT, 'node_modules/.bin/tsc'),
    ['-p', folder, '--pretty', 'false', '--singleThreaded'],
    { cwd: folder, limitMs: 240_000 },
  );
  const errors = stdout.matchAll(/^([^\s(][^(\n]*)\(\d+,\d+\): error TS\d+/gm);
  const counts: Record<string, number> = {};
  for (const [, path = ''] of errors) {
    const file = resolve(folder, path);
    const shown = relative(file.startsWith(`${ROOT}/`) ? ROOT : folder, file);
    counts[shown] = (counts[shown] ?? 0) + 1;
  }
  return counts;
}

/** Braces written out, which tsc does not know: `{a,b}/c` is `a/c` and `b/c`. */
function alternatives(pattern: string): string[] {
  const [, before = '', inner = '', after = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(pattern) ?? [];
  if (inner === '') return [pattern];
  return inner.split(',').flatMap((one) => alternatives(`${before}${one}${after}`));
}

describe('fails by the name of the kind that is left out of', () => {
  const found = new Map<string, string[]>();
  beforeAll(async () => {
    const suites = new Set(LEFT_OUT.map(({ tests }) => tests.join(' ')));
    await Promise.all(
      [...suites].map(async (suite) => {
        const ofSuite = LEFT_OUT.filter(({ tests }) => tests.join(' ') === suite);
        // One after the other: the later ones find most of what they import transformed.
        for (const each of ofSuite) found.set(each.place, await failedWithout(each));
      }),
    );
  }, 600_000);

  test.each(LEFT_OUT)('$place', ({ place, kinds = REVOCATION_KIND_NAMES, fails, ...left }) => {
    const titles = kinds.flatMap((kind) => fails.map((title) => title(kind)));
    const { besides = [], except = [] } = left;
    const expected = [...titles.filter((title) => !except.includes(title)), ...besides];
    expect(found.get(place)?.toSorted()).toEqual(expected.toSorted());
  });
});

/** @returns the titles of what fails then */
async function failedWithout({ place, file, instead, tests, named }: LeftOut): Promise<string[]> {
  const report = join(scratch, `${place.replaceAll(/\W/g, '-')}.json`);
  const leftOut = instead.map(([from, to]) => ({ file, from, to }));
  const { status, stdout } = await runProgram(
    join(ROOT, 'node_modules/.bin/vitest'),
    [
      ...['run', ...tests, '--config', 'infra/test/left-out/vitest.config.ts'],
      ...(named === undefined ? [] : ['-t', named]),
      ...['--reporter', 'json', '--outputFile', report],
      ...[
        '--experimental.fsModuleCache',
        '--experimental.fsModuleCachePath',
        join(scratch, 'modules'),
      ],
    ],
    {
      cwd: ROOT,
      env: { ...process.env, PORTCULLIS_TEST_LEFT_OUT: JSON.stringify(leftOut) },
      limitMs: 540_000,
    },
  );
  expect(status, stdout).toBe(1);
  const { testResults }: { testResults: { assertionResults: Record<string, string>[] }[] } =
    JSON.parse(readFileSync(report, 'utf8'));
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((result) => result['status'] === 'failed')
    .map(({ fullName = '' }) => fullName);
}

describe('the pages name every kind:', () => {
  const PAGES = ['docs/revocation.md', 'docs/events.md'] as const;
  const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

  /** Those without a row of a table that begins with them. */
  const missingIn = (text: string): string[] =>
    REVOCATION_KIND_NAMES.filter((kind) => !new RegExp(`^\\| \`?${kind}\`? +\\|`, 'm').test(text));

  test.each(PAGES)('%s', (page) => {
    expect(missingIn(textOf(page))).toEqual([]);
  });

  test.each(PAGES)('%s without a row lacks its kind', (page) => {
    for (const kind of REVOCATION_KIND_NAMES) {
      const without = textOf(page).replace(new RegExp(`^\\| \`?${kind}\`? +\\|.*\n`, 'm'), '');
      expect(missingIn(without)).toEqual([kind]);
    }
  });

  test('docs/revocation.md says what each is compared with, answered with, and how long it is kept', () => {
    for (const kind of REVOCATION_KIND_NAMES) {
      const [row = ''] =
        new RegExp(`^\\| ${kind} +\\|.*$`, 'm').exec(textOf('docs/revocation.md')) ?? [];
      const { carrier, generation, kept, verdict } = REVOCATION_KINDS[kind];
      for (const name of [carrier, generation])
        if (name !== null) expect(row).toContain(`\`${name}\``);
      expect(row.includes('`token_stale`'), kind).toBe(verdict === 'token_stale');
      expect(row.includes('for ever'), kind).toBe(kept === 'for ever');
    }
  });
});

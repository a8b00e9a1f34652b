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
  /** Whatever the kind is like. Nothing else fails, so that this is what compiles otherwise. */
  const ALWAYS = [
    'apps/auth/simulation/guarantees/facts.ts',
    'apps/auth/simulation/guarantees/witness.ts',
    'apps/auth/simulation/verbs/cut.ts',
    'apps/auth/src/nats/read-events.ts',
    'apps/auth/src/token/token-status.ts',
    'apps/auth/test/revocation/kinds.test.ts',
    'contracts/src/revocation-form.ts',
    'contracts/test/types.test.ts', // the schema
    'infra/faults/history/logged.ts',
    'packages/events/examples/subscriber.ts',
    'packages/events/generate/descriptions.ts',
    'packages/testkit/src/hostile/revoked.ts',
    'packages/verify/src/revocation/ledger.ts',
  ];

  test.each([
    ['id', 'packages/snapshot/src/snapshot.ts'],
    ['named', 'packages/snapshot/src/snapshot-reader.ts'],
  ])(
    'each place that knows no new kind of the form %s',
    { timeout: 300_000 },
    async (form, its) => {
      const probe = `probe: {
      key: 'usr', carrier: 'sub', generation: 'gen', kept: 'token life', verdict: 'invalid_token',
      snapshot: { code: 99, form: '${form}' },
    },`;
      expect(await compiled(form, probe, SOURCES)).toEqual([...ALWAYS, its].toSorted());
    },
  );

  test('a kind whose key tokens carry somewhere new', { timeout: 300_000 }, async () => {
    const probe = `probe: {
      key: 'usr', carrier: 'act', generation: null, kept: 'token life', verdict: 'invalid_token',
      snapshot: { code: 99, form: 'named' },
    },`;
    expect(await compiled('carrier', probe, [])).toContain('contracts/src/revocation-kinds.ts');
  });
});

/** @returns the files that do not compile when that is in the table besides */
async function compiled(name: string, row: string, sources: readonly string[]): Promise<string[]> {
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
  writeFileSync(join(contracts, TABLE), table.replace(end, `\n${row}${end}`));

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
    ['-p', folder, '--pretty', 'false'],
    { cwd: folder, limitMs: 240_000 },
  );
  const errors = stdout.matchAll(/^([^\s(][^(\n]*)\(\d+,\d+\): error TS\d+/gm);
  const files = [...errors].map(([, path = '']) => {
    const file = resolve(folder, path);
    return file.startsWith(`${ROOT}/`) ? relative(ROOT, file) : relative(folder, file);
  });
  return [...new Set(files)].toSorted();
}

/** Braces written out, which tsc does not know: `{a,b}/c` is `a/c` and `b/c`. */
function alternatives(pattern: string): string[] {
  const [, before = '', inner = '', after = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(pattern) ?? [];
  if (inner === '') return [pattern];
  return inner.split(',').flatMap((one) => alternatives(`${before}${one}${after}`));
}

/** Places that compile without a kind. What is left out there, and the tests that have to fail by its name. */
const LEFT_OUT = [
  {
    place: 'the hot path of the ledger',
    file: 'packages/verify/src/revocation/ledger.ts',
    from: 'claims.cgen < this.#clients.generation(claims.client_id)',
    to: 'false',
    tests: 'packages/verify/test/revocation-kinds.test.ts',
    kind: 'client',
  },
  {
    place: 'the hot path, for what a client holds',
    file: 'packages/verify/src/revocation/ledger.ts',
    from: 'this.#clientSubjects.size > 0 && this.#isCutForItsClient(claims)',
    to: 'false',
    tests: 'packages/verify/test/revocation-kinds.test.ts',
    kind: 'client_subject',
  },
  {
    place: 'the verdict of the ledger',
    file: 'packages/verify/src/revocation/ledger.ts',
    from: 'claims.gen < this.#changed.generation(claims.sub)',
    to: 'false',
    tests: 'packages/verify/test/revocation-kinds.test.ts',
    kind: 'claims_changed',
  },
  {
    place: 'what ledgers merge of a snapshot',
    file: 'packages/verify/src/revocation/ledger/killed-keys.ts',
    from: "yield* mergeNamed(this, 'key', blocks);",
    to: '',
    tests: 'packages/verify/test/revocation-kinds.test.ts',
    kind: 'key',
  },
  {
    place: 'what closes streams',
    file: 'packages/contracts/src/revocation-kinds.ts',
    from: 'sid: ({ sid }) => sid,',
    to: 'sid: () => undefined,',
    tests: 'packages/verify/test/revocation-kinds.test.ts',
    kind: 'session',
  },
  {
    place: "auth's own check, and introspection",
    file: 'apps/auth/src/token/token-status.ts',
    from: 'gen < generation',
    to: 'gen < 0',
    tests: 'apps/auth/test/revocation/kinds.test.ts',
    kind: 'claims_changed',
  },
  {
    place: "auth's own check, where no session has ended",
    file: 'apps/auth/src/token/token-status.ts',
    from: 'csgen < row.clientSubjectGeneration',
    to: 'csgen < 0',
    tests: 'apps/auth/test/token/hostile-tokens.test.ts',
    kind: 'client_subject',
  },
  {
    place: 'how long auth keeps an entry',
    file: 'apps/auth/src/change/write-revocation.ts',
    from: "REVOCATION_KINDS[revocation.kind].kept === 'for ever'",
    to: "revocation.kind === 'key'",
    tests: 'apps/auth/test/revocation/kinds.test.ts',
    kind: 'issuer',
  },
] as const;

describe('fails by the name of the kind that is left out of', () => {
  test.each(LEFT_OUT)('$place', { timeout: 300_000 }, async ({ kind, tests, ...mutation }) => {
    const report = join(scratch, `${mutation.place.replaceAll(/\W/g, '-')}.json`);
    const { status } = await runProgram(
      join(ROOT, 'node_modules/.bin/vitest'),
      [
        ...['run', tests, '--config', 'infra/test/left-out/vitest.config.ts'],
        // The rest of what needs a service takes long.
        ...(tests.startsWith('apps/') ? ['-t', kind] : []),
        ...['--reporter', 'json', '--outputFile', report],
      ],
      {
        cwd: ROOT,
        env: { ...process.env, PORTCULLIS_TEST_LEFT_OUT: JSON.stringify(mutation) },
        limitMs: 240_000,
      },
    );
    expect(status).toBe(1);
    const failed = failedIn(readFileSync(report, 'utf8'));
    expect(failed.filter((title) => new RegExp(`\\b${kind}\\b`).test(title))).not.toEqual([]);
    // Whatever else is named has no kind of its own.
    const others = REVOCATION_KIND_NAMES.filter((one) => one !== kind);
    const named = (title: string) => others.some((one) => title.includes(`kind ${one} `));
    expect(failed.filter(named)).toEqual([]);
  });
});

function failedIn(report: string): string[] {
  const { testResults }: { testResults: { assertionResults: Record<string, string>[] }[] } =
    JSON.parse(report);
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
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

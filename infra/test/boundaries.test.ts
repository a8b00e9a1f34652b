/** The dependency direction: what `turbo boundaries` sees, shown to be seen, and what it is blind to. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runProgram } from './run-program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NOT_SOURCES = new Set(['node_modules', 'dist', '.turbo', '.portcullis', 'coverage']);

/** The binary needs no package manager for this command, so neither pnpm nor npx is waited for. */
async function boundaries(workspace: string): Promise<{ status: number; report: string }> {
  const { status, stdout, stderr } = await runProgram(
    join(ROOT, 'node_modules/.bin/turbo'),
    ['boundaries', '--no-color'],
    {
      cwd: workspace,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
      limitMs: 60_000,
    },
  );
  return { status, report: stdout + stderr };
}

test('turbo boundaries holds for the workspace', async () => {
  const { status, report } = await boundaries(ROOT);
  expect(report).toMatch(/Checked \d+ files in \d+ packages, no issues found/);
  expect(status).toBe(0);
});

// Two that write the same folder at once leave empty files there, and turbo keeps them.
test('types are checked after the build of their package, and by what writes nothing', () => {
  const { tasks } = JSON.parse(readFileSync(join(ROOT, 'turbo.json'), 'utf8'));
  expect(tasks.typecheck).toMatchObject({ dependsOn: ['build'], outputs: [] });
  const manifests = ['apps', 'packages', '.'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .map((name) => join(ROOT, folder, name, 'package.json'))
      .filter((file) => existsSync(file)),
  );
  expect(manifests.length).toBeGreaterThan(14);
  for (const file of manifests) {
    const { typecheck = '' } = JSON.parse(readFileSync(file, 'utf8')).scripts ?? {};
    for (const command of typecheck.split(' && ')) {
      expect(command, file).toMatch(/^(tsc -p [\w./-]+ --singleThreaded)?$/);
    }
  }
});

describe('in a copy of the workspace', () => {
  let copy: string;

  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'portcullis-boundaries-'));
    for (const name of ['package.json', 'turbo.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml']) {
      cpSync(join(ROOT, name), join(copy, name));
    }
    for (const name of ['apps', 'packages', 'infra']) {
      cpSync(join(ROOT, name), join(copy, name), {
        recursive: true,
        filter: (source) => !NOT_SOURCES.has(basename(source)),
      });
    }
  });
  afterEach(() => rmSync(copy, { recursive: true, force: true }));

  // No package reaches one of these by the others: turbo follows dependencies of dependencies.
  const reversals = [
    { from: 'packages/contracts', to: '@portcullis/api' },
    { from: 'packages/snapshot', to: '@portcullis/bus' },
    { from: 'packages/bus', to: '@portcullis/events' },
    { from: 'packages/testkit', to: '@portcullis/testbed' },
    { from: 'packages/verify', to: '@portcullis/auth' },
    { from: 'packages/client', to: '@portcullis/service' },
    { from: 'packages/events', to: '@portcullis/verify' },
    { from: 'apps/user', to: '@portcullis/admin' },
  ];

  test('the copy itself holds, so that what fails below fails for its own reason', async () => {
    expect((await boundaries(copy)).report).toMatch(/no issues found/);
  });

  // All in one copy: turbo takes seconds to look, and names each.
  test('an import against the direction fails, and so does one that leaves its package: each is named', async () => {
    for (const { from, to } of reversals) {
      writeFileSync(join(copy, from, 'src/reversed.ts'), `import '${to}';\n`);
    }
    const leaving = "import '../../api/src/index.ts';\n";
    writeFileSync(join(copy, 'packages/contracts/src/leaving.ts'), leaving);
    const { status, report } = await boundaries(copy);
    expect(status).not.toBe(0);
    const found = issuesIn(report);
    for (const { from, to } of reversals) {
      const what = `cannot import package \`${to}\` because it is not a dependency`;
      expect(found, from).toContainEqual(
        expect.stringMatching(`${what}.*/${from}/src/reversed.ts:1`),
      );
    }
    const what = 'import `../../api/src/index.ts` leaves the package';
    expect(found).toContainEqual(
      expect.stringMatching(`${what}.*/packages/contracts/src/leaving.ts:1`),
    );
    expect(found).toHaveLength(reversals.length + 1);
  });

  test('a dependency against the direction fails by its tag: each is named', async () => {
    const names = reversals.map(({ from, to }) => {
      const file = join(copy, from, 'package.json');
      const manifest: { name: string; dependencies?: Record<string, string> } = JSON.parse(
        readFileSync(file, 'utf8'),
      );
      manifest.dependencies = { ...manifest.dependencies, [to]: 'workspace:*' };
      writeFileSync(file, JSON.stringify(manifest, undefined, 2));
      return { to, name: manifest.name };
    });
    const { status, report } = await boundaries(copy);
    expect(status).not.toBe(0);
    for (const { to, name } of names) {
      expect(inOneLine(report)).toContain(
        `Package \`${to}\` found without any tag listed in allowlist for \`${name}\``,
      );
    }
  });
});

/** A report is wrapped and framed. */
const inOneLine = (report: string): string => report.replace(/[\s|]+/g, ' ');

/** @returns what turbo found, each with the place where */
function issuesIn(report: string): string[] {
  const [, count = '0'] = / (\d+) issues? found/.exec(report) ?? [];
  const issues = inOneLine(report).split(/ x /).slice(1);
  expect(issues).toHaveLength(Number(count));
  return issues;
}

describe('what turbo does not look at', () => {
  test('no relative import leaves its package, whatever the kind of file', () => {
    const leaving = packages().flatMap((folder) =>
      sourcesIn(folder).flatMap((file) =>
        modulesNamedIn(readFileSync(file, 'utf8'))
          .filter((name) => name.startsWith('.'))
          .filter((name) => !resolve(dirname(file), name).startsWith(folder + sep))
          .map((name) => `${relative(ROOT, file)}: ${name}`),
      ),
    );
    expect(leaving).toEqual([]);
  });

  test('no package reaches into another past its entry points', () => {
    const reaching = packages().flatMap((folder) =>
      sourcesIn(folder).flatMap((file) =>
        modulesNamedIn(readFileSync(file, 'utf8'))
          .filter((name) => /^@portcullis\/[a-z-]+\/(src|dist)(\/|$)/.test(name))
          .map((name) => `${relative(ROOT, file)}: ${name}`),
      ),
    );
    expect(reaching).toEqual([]);
  });

  test('the client takes types and nothing else from the workspace', () => {
    const taken = sourcesIn(join(ROOT, 'packages/client/src')).flatMap((file) =>
      modulesNamedIn(withoutTypeImports(readFileSync(file, 'utf8'))).filter(
        (name) => !name.startsWith('./'),
      ),
    );
    expect([...new Set(taken)].toSorted()).toEqual(['@trpc/client', 'eventsource-parser']);
  });

  // Allowed by tag, since turbo takes a development dependency for a dependency.
  test('what is published does not import the testkit, nor a test bed', () => {
    const importing = packages()
      .filter((folder) => !['infra', 'testbed'].includes(basename(folder)))
      .flatMap((folder) => sourcesIn(join(folder, 'src')))
      .filter((file) =>
        modulesNamedIn(readFileSync(file, 'utf8')).some((name) =>
          /^@portcullis\/test(kit|bed)$/.test(name),
        ),
      );
    expect(importing).toEqual([]);
  });

  test('no package imports an app', () => {
    const apps = readdirSync(join(ROOT, 'apps')).map((name) => `@portcullis/${name}`);
    const importing = packages().flatMap((folder) =>
      sourcesIn(folder)
        .filter((file) => file !== import.meta.filename)
        .filter((file) =>
          modulesNamedIn(readFileSync(file, 'utf8')).some((name) =>
            apps.some((app) => name === app || name.startsWith(`${app}/`)),
          ),
        )
        .map((file) => relative(ROOT, file)),
    );
    expect(importing).toEqual([]);
  });

  test('the scan sees what it must see', () => {
    const reversed = "import type { A } from 'a';\nimport { b } from 'b';\nexport * from 'c';\n";
    expect(modulesNamedIn(`${reversed}await import('d');\nimport 'e';`)).toEqual([
      ...['a', 'b', 'c', 'd', 'e'],
    ]);
    expect(modulesNamedIn(withoutTypeImports(reversed))).toEqual(['b', 'c']);
    expect(modulesNamedIn(withoutTypeImports("import { type A, b } from 'mixed';"))).toEqual([
      'mixed',
    ]);
  });
});

function packages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(ROOT, folder, entry.name));
  return [...below('apps'), ...below('packages'), join(ROOT, 'infra')];
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_SOURCES.has(entry.name) ? [] : sourcesIn(path);
    return /\.(ts|mts|mjs|js)$/.test(entry.name) && path !== import.meta.filename ? [path] : [];
  });
}

/** Every module that the code names in an import, an export, or a dynamic import. */
function modulesNamedIn(code: string): string[] {
  const found = code.matchAll(
    /(?:^|[\s;}])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|[\s;}(])import\s*\(?\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? '');
}

function withoutTypeImports(code: string): string {
  return code.replace(/(?:import|export) type [^;]*;/g, '');
}

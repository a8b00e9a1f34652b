/** What the SDK carries into a browser: two small libraries and nothing of the server. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const workspace = fileURLToPath(new URL('../../..', import.meta.url));

const LIBRARIES = ['@trpc/client', 'eventsource-parser'];

/** Every module that the file names in an import, an export, or a dynamic import. */
function modulesNamedIn(code: string): string[] {
  const statements = code.matchAll(
    /(?:^|[\s;}])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|[\s;}])import\s*\(?\s*['"]([^'"]+)['"]/g,
  );
  return [...statements].map((match) => match[1] ?? match[2] ?? '');
}

test('the scan finds every form of import', () => {
  const code = `import { a } from 'one';\nimport 'two';\nexport * from "three";\nconst x = await import('four');
    import {\n  b,\n  c,\n} from 'five';`;
  expect(modulesNamedIn(code)).toEqual(['one', 'two', 'three', 'four', 'five']);
});

test('the emitted code imports its libraries and its own files, nothing else', () => {
  const out = mkdtempSync(join(tmpdir(), 'portcullis-client-'));
  try {
    execFileSync(
      join(workspace, 'node_modules/.bin/tsc'),
      [
        '-p',
        root,
        '--composite',
        'false',
        '--incremental',
        'false',
        '--declaration',
        'false',
      ].concat(['--declarationMap', 'false', '--outDir', out]),
      { cwd: root, timeout: 90_000, killSignal: 'SIGKILL' },
    );
    const emitted = readdirSync(out).filter((file) => file.endsWith('.js'));
    expect(emitted).toContain('index.js');
    const modules = emitted.flatMap((file) =>
      modulesNamedIn(readFileSync(join(out, file), 'utf8')),
    );
    const foreign = new Set(modules.filter((name) => !/^\.\/[a-z-]+\.js$/.test(name)));
    expect([...foreign].toSorted()).toEqual(LIBRARIES);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});

test('the sources import the other packages of the workspace as types only', () => {
  const source = join(root, 'src');
  for (const file of readdirSync(source)) {
    const code = readFileSync(join(source, file), 'utf8');
    const runtime = code.replace(/(?:import|export) type [^;]*;/g, '');
    const foreign = modulesNamedIn(runtime).filter((name) => !name.startsWith('./'));
    expect({ file, foreign: foreign.filter((name) => !LIBRARIES.includes(name)) }).toEqual({
      file,
      foreign: [],
    });
  }
});

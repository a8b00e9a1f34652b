/** What is loaded by who bundles our packages: minified and gzipped, all of an entry, each with its budget. */
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../paths.ts';

const KIB = 1024;

const said: string[] = [];
afterAll(() => console.log(said.join('\n')));

const all = (entry: string): string => `export * from '${entry}';`;

/** @returns bytes of what these lines load, each with an entry of its own, without peers and what is loaded on demand */
async function sizeOf(platform: 'browser' | 'node', ...lines: string[]): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines.join('\n'), resolveDir: join(ROOT, 'infra') },
    external: ['react'],
    bundle: true,
    splitting: true,
    outdir: ROOT,
    absWorkingDir: ROOT,
    metafile: true,
    minify: true,
    platform,
    target: 'es2023',
    format: 'esm',
    conditions: ['portcullis-source'],
    write: false,
    logLevel: 'silent',
  });
  const loaded = new Set(['stdin.js']);
  for (const file of loaded) {
    const { imports = [] } = metafile.outputs[file] ?? {};
    for (const { kind, path } of imports) if (kind === 'import-statement') loaded.add(path);
  }
  const files = outputFiles.filter(({ path }) => loaded.has(relative(ROOT, path)));
  expect(files.length).toBeGreaterThan(0);
  return gzipSync(Buffer.concat(files.map(({ contents }) => contents)), { level: 9 }).length;
}

function isWithin(name: string, bytes: number, budgetKib: number): void {
  said.push(`${name}: ${(bytes / KIB).toFixed(1)} KiB of ${budgetKib}`);
  expect(bytes, said.at(-1)).toBeLessThanOrEqual(budgetKib * KIB);
}

const VERIFY = all('@portcullis/verify');
const CLIENT = all('@portcullis/client');

describe('minified and gzipped', () => {
  // Meant to be 20: docs/performance.md has what weighs. It may not grow until then.
  it('the root of verify has at most 29 KiB', async () => {
    isWithin('verify', await sizeOf('node', VERIFY), 29);
  });

  it('the core of guards adds at most 6 KiB to it', async () => {
    const root = await sizeOf('node', VERIFY);
    const both = await sizeOf('node', VERIFY, all('@portcullis/verify/guard'));
    isWithin('verify/guard', both - root, 6);
  });

  it('a page that signs in and calls has at most 15 KiB of the client, of at most 17', async () => {
    const page = `export { createPortcullisClient, isPortcullisError } from '@portcullis/client';`;
    isWithin('client, in a page', await sizeOf('browser', page), 15);
    isWithin('client', await sizeOf('browser', CLIENT), 17);
  });

  it('react adds at most 3 KiB to it', async () => {
    const react = all(join(ROOT, 'packages/react/src/index.ts'));
    isWithin(
      'react',
      (await sizeOf('browser', CLIENT, react)) - (await sizeOf('browser', CLIENT)),
      3,
    );
  });
});

it('weighs what it is given', async () => {
  // zod alone is over each of the budgets: it is what once made up most of a verifier.
  expect(await sizeOf('node', all('@portcullis/contracts/schemas'))).toBeGreaterThan(30 * KIB);
});

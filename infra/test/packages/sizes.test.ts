/** What is loaded by who bundles our packages: minified and gzipped, all of an entry, each with its budget. */
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../paths.ts';

const KIB = 1024;

const said: string[] = [];
afterAll(() => console.log(said.join('\n')));

/** @returns bytes of the whole of these entries together, without what they load when it is asked for */
async function sizeOf(platform: 'browser' | 'node', ...entries: string[]): Promise<number> {
  const lines = entries.map((entry, index) => `export * as e${index} from '${entry}';`);
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines.join('\n'), resolveDir: join(ROOT, 'infra') },
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

describe('minified and gzipped', () => {
  // Meant to be 20: docs/performance.md has what weighs. It may not grow until then.
  it('the root of verify has at most 26 KiB', async () => {
    isWithin('verify', await sizeOf('node', '@portcullis/verify'), 26);
  });

  it('the core of guards adds at most 6 KiB to it', async () => {
    const root = await sizeOf('node', '@portcullis/verify');
    const both = await sizeOf('node', '@portcullis/verify', '@portcullis/verify/guard');
    isWithin('verify/guard', both - root, 6);
  });
});

it('weighs what it is given', async () => {
  // zod alone is over each of the budgets: it is what once made up most of a verifier.
  expect(await sizeOf('node', '@portcullis/contracts/schemas')).toBeGreaterThan(20 * KIB);
});

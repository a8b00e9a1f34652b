/**
 * A package with a file for each of its entries, and one for each part that several of them share. Loading it then
 * reads a few files; as it was compiled, it read one for each source.
 *
 * Invariants: an entry exports what it did, and whatever two entries export is one value. What comes from other packages
 * is imported from them, nothing is made short, and maps lead to the sources.
 */
import { build } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * @param folder of the package, which is changed
 * @param entries its compiled files that are imported by others, as paths in it
 * @throws Error with what esbuild says
 */
export async function bundle(folder: string, entries: readonly string[]): Promise<void> {
  const dist = join(folder, 'dist');
  const { metafile } = await build({
    entryPoints: entries.map((entry) => join(folder, entry)),
    outbase: dist,
    outdir: dist,
    // What is loaded on demand is reached from nowhere else: it has a file of its own, too.
    bundle: true,
    splitting: true,
    chunkNames: 'parts/[hash]',
    packages: 'external',
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    allowOverwrite: true,
    absWorkingDir: folder,
    logLevel: 'silent',
  });
  const written = new Set(Object.keys(metafile.outputs).map((path) => resolve(folder, path)));
  for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const file = join(dist, path);
    if (/\.js(?:\.map)?$/.test(path) && !written.has(file)) rmSync(file);
  }
}

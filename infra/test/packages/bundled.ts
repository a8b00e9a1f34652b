import { build, type Metafile } from 'esbuild';
import { join } from 'node:path';
import { ROOT } from '../../paths.ts';

export interface BundledFile {
  /** In the folder of the bundle; the entry is `stdin.js`. */
  readonly name: string;
  readonly contents: Uint8Array;
  /** The sources in it, with bytes of each. */
  readonly sources: ReadonlyMap<string, number>;
  /** The other files of the bundle that are loaded with it. */
  readonly loads: readonly string[];
}

export interface BundleOptions {
  platform: 'browser' | 'node';
  /** Whether what is imported by `import()` is in files of its own. */
  splitting?: boolean;
}

/** Bundles and minifies these lines from sources, each package as a file or a folder that imports it would see it. */
export async function bundled(
  lines: readonly string[],
  { platform, splitting = true }: BundleOptions,
): Promise<readonly BundledFile[]> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines.join('\n'), resolveDir: join(ROOT, 'infra') },
    external: ['react'],
    bundle: true,
    splitting,
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
  return outputFiles.map(({ path, contents }) => {
    const name = path.slice(ROOT.length + 1);
    const { inputs = {}, imports = [] } = outputOf(metafile, name);
    const sources = new Map(
      Object.entries(inputs).map(([source, { bytesInOutput }]) => [source, bytesInOutput]),
    );
    const loaded = imports.filter(({ kind }) => kind === 'import-statement');
    return { name, contents, sources, loads: loaded.map(({ path: other }) => other) };
  });
}

function outputOf({ outputs }: Metafile, name: string): Partial<Metafile['outputs'][string]> {
  return outputs[name] ?? {};
}

/** @returns those that are loaded with these, themselves too */
export function loadedWith(
  files: readonly BundledFile[],
  ...names: readonly string[]
): readonly BundledFile[] {
  const loaded = new Set(names);
  for (const name of loaded) {
    for (const other of files.find((file) => file.name === name)?.loads ?? []) loaded.add(other);
  }
  return files.filter(({ name }) => loaded.has(name));
}

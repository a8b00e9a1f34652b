/**
 * A command of the launcher as one program. By its sources Node reads 300 of them one by one through tsx, for seconds on a
 * busy machine, which adds up in a test that runs it dozens of times.
 */
import { build, type Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../paths.ts';

/** The launcher finds the checkout, and programs of its own, by where its sources are. */
const placesOfSources: Plugin = {
  name: 'places of sources',
  setup(builder) {
    builder.onLoad({ filter: /\/infra\/.*\.(ts|mjs)$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const place = JSON.stringify(pathToFileURL(path).href);
      return {
        contents: source.replaceAll('import.meta.url', () => place),
        loader: path.endsWith('.ts') ? 'ts' : 'js',
      };
    });
  },
};

/**
 * @param name of a file in `stand-in`, without `.ts`
 * @param folder that it is written into
 * @returns the program
 */
export async function bundleStandIn(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(ROOT, 'infra/test/stand-in', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    conditions: ['portcullis-source'],
    // CommonJS among the dependencies requires modules of Node.
    banner: {
      js: `import { createRequire as createRequireHere } from 'node:module';
const require = createRequireHere(import.meta.url);`,
    },
    plugins: [placesOfSources],
    logLevel: 'warning',
  });
  return outfile;
}

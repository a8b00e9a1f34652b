/**
 * An app as one program for each start, out of its own sources and all that they import. As it was compiled file by
 * file, a service read 1,400 of them at its start, which took two thirds of that.
 *
 * What is built has the paths of the sources: `src/main.ts` is `dist/main.js`, `src/commands/migrate.ts` is
 * `dist/commands/migrate.js`. What several of them share, and what is loaded on demand, is in `dist/parts`.
 */
import { build } from 'esbuild';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { mapOfSources } from './map-of-sources.mjs';

/** What is no JavaScript, or is read as files. The manifest of the app has it. */
const INSTALLED = ['@node-rs/argon2', 'swagger-ui-dist'];

/** fastify's compilers of JSON schemas: packages/service/src/server.ts gives it others. */
const NEVER_LOADED = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'];

/** A part of an earlier build goes after as long: a service that runs may still load it on demand. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** CommonJS among the dependencies requires modules of Node. */
const REQUIRE = `import { createRequire as createRequireOfPart } from 'node:module';
const require = createRequireOfPart(import.meta.url);`;

const SERVICE = 'src/main.ts';

/** @type {import('esbuild').BuildOptions} */
const OPTIONS = {
  bundle: true,
  splitting: true,
  chunkNames: 'parts/[name]-[hash]',
  conditions: ['portcullis-source'],
  external: [...INSTALLED, ...NEVER_LOADED],
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // Names stay: they stand in stack traces and in the log.
  minifyWhitespace: true,
  minifySyntax: true,
  // V8 keeps the text of what it runs, and twice as long when one character of it is above U+00FF.
  charset: 'ascii',
  legalComments: 'external',
  sourcemap: true,
  sourcesContent: false,
  banner: { js: REQUIRE },
  logLevel: 'warning',
};

/**
 * @param {string} folder of the app
 * @param {string} [dist] where it is built to
 * @returns {Promise<import('esbuild').Metafile['outputs']>} by their paths from the folder
 * @throws {Error} for sources that esbuild cannot read, or imports that it does not find
 */
export async function bundleApp(folder, dist = join(folder, 'dist')) {
  // The service apart from its commands: of what they share esbuild gives each all that any of them uses.
  const results = await Promise.all(
    [
      [...programsIn(folder, /^main\.ts$/), ...threadsOf(folder)],
      programsIn(folder, /^commands\/[\w-]+\.ts$/),
    ].map(async (entryPoints) => await bundled(folder, dist, entryPoints)),
  );
  const files = results.flatMap(({ outputFiles }) => outputFiles);
  for (const { path, text } of files) write(path, text);
  removeFormer(dist, new Set(files.map(({ path }) => path)));
  return Object.assign({}, ...results.map(({ metafile }) => metafile.outputs));
}

/**
 * @param {string} folder
 * @param {string} dist
 * @param {{ in: string, out: string }[]} entryPoints
 */
async function bundled(folder, dist, entryPoints) {
  return await build({
    ...OPTIONS,
    absWorkingDir: folder,
    entryPoints,
    outdir: dist,
    plugins: [startsIn(folder)],
    metafile: true,
    write: false,
  });
}

/**
 * @param {string} folder
 * @param {RegExp} which of the paths below `src`
 */
function programsIn(folder, which) {
  return readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => which.test(path))
    .map((path) => ({ in: `start:src/${path}`, out: path.replace(/\.ts$/, '') }));
}

/**
 * What the manifest has with its source and what it is built to, such as the thread that hashes.
 *
 * @param {string} folder
 */
function threadsOf(folder) {
  const { imports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.values(imports)
    .filter((named) => typeof named === 'object')
    .map(({ 'portcullis-source': source, default: built }) => ({
      in: source,
      out: relative('dist', built).replace(/\.js$/, ''),
    }));
}

/**
 * What a program is before it loads its source. An error that ends a command is printed by Node, which reads the maps
 * of what is loaded once it has been told to, and so names sources however the command is started. The log of
 * a service does that itself (packages/service/src/source-places.ts), for less.
 *
 * @param {string} folder
 * @returns {import('esbuild').Plugin}
 */
function startsIn(folder) {
  const namespace = 'start';
  return {
    name: namespace,
    setup(builder) {
      builder.onResolve({ filter: /^start:/ }, ({ path }) => ({
        path: path.slice('start:'.length),
        namespace,
      }));
      builder.onLoad({ filter: /./, namespace }, ({ path }) => ({
        contents: `${path === SERVICE ? '' : 'process.setSourceMapsEnabled(true);\n'}await import('./${path}');\n`,
        resolveDir: folder,
      }));
    },
  };
}

/**
 * @param {string} path
 * @param {string} text
 */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.draft`;
  writeFileSync(draft, path.endsWith('.map') ? mapOfSources(text) : text);
  // A program that starts meanwhile reads the one or the other.
  renameSync(draft, path);
}

/**
 * @param {string} dist
 * @param {ReadonlySet<string>} present
 */
function removeFormer(dist, present) {
  for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const file = join(dist, path);
    const found = statSync(file);
    if (found.isDirectory() || present.has(file)) continue;
    const isRecentPart = dirname(path) === 'parts' && found.mtimeMs > Date.now() - KEPT_MS;
    if (!isRecentPart) rmSync(file);
  }
}

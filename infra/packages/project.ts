/** A project of its own, outside of the workspace, that has packages installed. Each step throws with what was written. */
import { run } from '@portcullis/testbed';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Tarball } from './pack.ts';

const BLOCK = /^```ts\n(.*?)^```/gms;
const INSTALL_LIMIT_MS = 300_000;
const COMPILE_LIMIT_MS = 300_000;

/** What examples import of a project of their reader's. */
const OF_READERS = {
  'orders-router.ts': "export type { UserRouter as OrdersRouter } from '@portcullis/api';",
};

/** How a project has its modules found, as TypeScript's options say it. */
const MODULE_OPTIONS = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
} as const;

export const RESOLUTIONS = ['node16', 'nodenext', 'bundler'] as const;

export interface CompilerOptions {
  /** The program `tsc`. */
  compiler: string;
  resolution: (typeof RESOLUTIONS)[number];
  /** Writes JavaScript into `dist`; otherwise it only checks. */
  emit?: boolean;
  /** Also checks the declarations of all that is imported, of others too. */
  checkLibraries?: boolean;
  /** `exactOptionalPropertyTypes`; true unless given. */
  exactOptional?: boolean;
}

export class Project {
  readonly folder: string;
  readonly #node: string;

  /** @param node the Node that installs and runs */
  constructor(folder: string, node: string) {
    this.folder = folder;
    this.#node = node;
    mkdirSync(folder, { recursive: true });
  }

  /**
   * Installs them by npm, strictly, with these versions of other packages beside them.
   *
   * @param options `offline` where all that is needed is on this machine
   * @throws Error with what npm says
   */
  async install(
    tarballs: readonly Tarball[],
    others: Readonly<Record<string, string>>,
    options: { offline?: boolean } = {},
  ): Promise<void> {
    const files = tarballs.map(({ file, manifest }) => [manifest.name, `file:${file}`]);
    const dependencies = { ...Object.fromEntries(files), ...others };
    this.write('package.json', JSON.stringify({ private: true, type: 'module', dependencies }));
    const words = ['--engine-strict', '--no-audit', '--no-fund', '--ignore-scripts'];
    const from = options.offline === true ? ['--offline', '--install-links'] : ['--prefer-offline'];
    await this.#run('npm', ['install', ...words, ...from], {}, INSTALL_LIMIT_MS);
  }

  /** @param entries as in an import */
  async load(entries: readonly string[]): Promise<void> {
    const lines = entries.map((entry) => `await import(${JSON.stringify(entry)});`);
    this.write('load.mjs', lines.join('\n'));
    await this.run('load.mjs');
  }

  /** Takes the examples of their pages, each as a file of its own, and what they import of their reader's. */
  addExamplesOf(tarballs: readonly Tarball[]): void {
    for (const { folder, manifest } of tarballs) {
      examplesIn(this.pageOf(manifest.name)).forEach((code, index) => {
        this.write(`examples/${folder}-${index}.ts`, code);
        for (const [file, text] of Object.entries(OF_READERS)) {
          if (code.includes(`'./${file}'`)) this.write(`examples/${file}`, text);
        }
      });
    }
  }

  /** The same, and a file that has all that can be imported of them. */
  addUsesOf(tarballs: readonly Tarball[]): void {
    this.addExamplesOf(tarballs);
    const entries = entriesOf(tarballs).map((name, at) => `export * as entry${at} from '${name}';`);
    this.write('entries.ts', entries.join('\n'));
  }

  pageOf(name: string): string {
    return readFileSync(join(this.folder, 'node_modules', name, 'README.md'), 'utf8');
  }

  /** Copies a folder of sources into it. */
  addSources(from: string, to: string): void {
    cpSync(from, join(this.folder, to), { recursive: true });
  }

  /** Compiles all of its sources, as strictly as TypeScript can; not the projects in it, which have settings of their own. */
  async compile(options: CompilerOptions): Promise<void> {
    const { compiler, resolution, emit = false, checkLibraries = false } = options;
    const { exactOptional = true } = options;
    const compilerOptions = {
      ...MODULE_OPTIONS[resolution],
      ...(emit ? { outDir: 'dist' } : { noEmit: true }),
      rootDir: '.',
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: exactOptional,
      skipLibCheck: !checkLibraries,
      rewriteRelativeImportExtensions: true,
    };
    const exclude = ['node_modules', 'dist', 'projects'];
    const config = { compilerOptions, include: ['**/*.ts'], exclude };
    this.write('tsconfig.json', JSON.stringify(config));
    await this.#run(compiler, ['-p', '.', '--pretty', 'false'], {}, COMPILE_LIMIT_MS);
  }

  /** @returns what it has written */
  async run(file: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return await this.runWith([file], env, COMPILE_LIMIT_MS);
  }

  /** The same for a program that takes arguments, or longer. */
  async runWith(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    limitMs: number,
  ): Promise<string> {
    return await this.#run(this.#node, args, env, limitMs);
  }

  write(name: string, text: string): void {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }

  async #run(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    limitMs: number,
  ): Promise<string> {
    const inherited = Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('PORTCULLIS_') ? [] : [[name, value] as const],
    );
    const path = [dirname(this.#node), process.env['PATH']].join(delimiter);
    const all = { ...Object.fromEntries(inherited), PATH: path, NODE_OPTIONS: '', ...env };
    return await run({ name: command, command, args, env: all, cwd: this.folder }, limitMs);
  }
}

/** What can be imported of them. */
export const entriesOf = (tarballs: readonly Tarball[]): string[] =>
  tarballs.flatMap(({ manifest }) =>
    Object.keys(manifest.exports).map((entry) => manifest.name + entry.slice(1)),
  );

/** The blocks of TypeScript on a page, in their order. */
export const examplesIn = (page: string): string[] =>
  [...page.matchAll(BLOCK)].map(([, code = '']) => code);

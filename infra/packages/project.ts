/** A project of its own, outside of the workspace, that has packages installed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Tarball } from './pack.ts';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { tool } from '../paths.ts';

const BLOCK = /^```ts\n(.*?)^```/gms;

export class Project {
  readonly #session: Session;
  readonly #folder: string;
  readonly #node: string;
  readonly log: string;

  /** @param node the Node that installs and runs */
  constructor(session: Session, folder: string, node: string) {
    this.#session = session;
    this.#folder = folder;
    this.#node = node;
    this.log = join(folder, 'log');
    mkdirSync(folder, { recursive: true });
  }

  /** @returns whether npm installs them, strictly, with these versions of other packages beside them */
  async install(
    tarballs: readonly Tarball[],
    others: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const files = tarballs.map(({ file, manifest }) => [manifest.name, `file:${file}`]);
    const dependencies = { ...Object.fromEntries(files), ...others };
    this.#write('package.json', JSON.stringify({ private: true, type: 'module', dependencies }));
    const words = ['--engine-strict', '--no-audit', '--no-fund', '--ignore-scripts'];
    return await this.#run('npm', 'install', ...words);
  }

  /** @returns whether each entry of theirs loads */
  async load(tarballs: readonly Tarball[]): Promise<boolean> {
    const entries = tarballs.flatMap(({ manifest }) =>
      Object.keys(manifest.exports).map((entry) => manifest.name + entry.slice(1)),
    );
    const lines = entries.map((entry) => `await import(${JSON.stringify(entry)});`);
    this.#write('load.mjs', lines.join('\n'));
    return await this.#run(this.#node, 'load.mjs');
  }

  /** @returns whether the blocks of their pages compile, by both ways of looking for modules */
  async compile(tarballs: readonly Tarball[]): Promise<boolean> {
    for (const { folder, manifest } of tarballs) {
      const page = readFileSync(
        join(this.#folder, 'node_modules', manifest.name, 'README.md'),
        'utf8',
      );
      [...page.matchAll(BLOCK)].forEach(([, code = ''], index) => {
        this.#write(`${folder}-${index}.ts`, code);
      });
    }
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--types', 'node'];
    const sources = ['--target', 'es2023', '--lib', 'es2023,esnext.disposable,dom'];
    this.#write(
      'tsconfig.json',
      JSON.stringify({ compilerOptions: { exactOptionalPropertyTypes: true }, include: ['*.ts'] }),
    );
    for (const way of [
      ['--module', 'nodenext', '--moduleResolution', 'nodenext'],
      ['--module', 'esnext', '--moduleResolution', 'bundler'],
    ]) {
      if (!(await this.#run(tool('tsc'), '-p', '.', ...options, ...sources, ...way))) return false;
    }
    return true;
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), `${text}\n`);
  }

  async #run(...argv: [string, ...string[]]): Promise<boolean> {
    const path = [dirname(this.#node), process.env['PATH']].join(delimiter);
    const status = await runCommand(this.#session.supervisor, {
      name: argv[0],
      argv,
      cwd: this.#folder,
      env: { ...process.env, PATH: path, NODE_OPTIONS: '' },
      output: { file: this.log },
    });
    return status === 0;
  }
}

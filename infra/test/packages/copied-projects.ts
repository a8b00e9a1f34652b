/**
 * The projects of `examples`, copied into a folder outside of the workspace that has all they depend on: packed packages, and
 * what others made from the workspace, so that no network is asked. `npm run examples` installs each by npm.
 */
import { run, TestProcess } from '@portcullis/testbed';
import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT, tool } from '../../paths.ts';
import { linkFrom } from './unpacked.ts';

/** Which member of the workspace has what they name. Vite is in none: `npm run examples` builds with it. */
const DEPENDENCIES = [
  ['bench', ['ioredis', 'jsonwebtoken', '@types/jsonwebtoken']],
  ['infra', ['@hono/node-server', 'hono', 'koa', '@types/koa', 'fastify', 'ws', '@types/ws']],
  ['infra', ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express']],
  ['infra', ['reflect-metadata', 'rxjs']],
  ['packages/client', ['@trpc/client']],
  ['packages/react', ['react-dom', '@types/react-dom']],
] as const;
const LIMIT_MS = 60_000;
/** Several threads each work out what the types of libraries are, and other tests need the processors. */
const ALONE = '--singleThreaded';
const settings = (env: Readonly<Record<string, string>>): string =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

export class CopiedProjects {
  readonly names: readonly string[];
  readonly #folder: string;

  private constructor(folder: string, names: readonly string[]) {
    this.#folder = folder;
    this.names = names;
  }

  /** @param env as `npm run service` writes it */
  static async copy(
    project: string,
    env: Readonly<Record<string, string>>,
  ): Promise<CopiedProjects> {
    const folder = join(project, 'projects');
    const found = await readdir(join(ROOT, 'examples'), { withFileTypes: true });
    const names = found.filter((one) => one.isDirectory()).map(({ name }) => name);
    for (const name of names) {
      await cp(join(ROOT, 'examples', name), join(folder, name), { recursive: true });
      await writeFile(join(folder, name, '.env'), settings(env));
    }
    for (const [member, dependencies] of DEPENDENCIES) {
      for (const name of dependencies) await linkFrom(member, name, project);
    }
    return new CopiedProjects(folder, names);
  }

  /** @throws Error with what the compiler says */
  async compile(): Promise<void> {
    const page = join('hono-react', 'page');
    const ofPage = { extends: './tsconfig.json', include: ['src'] };
    await writeFile(join(this.#folder, page, 'without-vite.json'), JSON.stringify(ofPage));
    // By one process, which reads what they have in common once.
    const args = [
      '--build',
      ...this.names,
      join(page, 'without-vite.json'),
      '--pretty',
      'false',
      ALONE,
    ];
    await run({ name: 'tsc', command: tool('tsc'), args, cwd: this.#folder }, LIMIT_MS);
  }

  /** Compiles one of them with `instead` in the place of what is there. @throws Error with what the compiler says */
  async compileWith(name: string, file: string, before: string, instead: string): Promise<void> {
    const cwd = join(this.#folder, `${name}-changed`);
    await cp(join(ROOT, 'examples', name), cwd, { recursive: true });
    const path = join(cwd, 'src', file);
    const source = await readFile(path, 'utf8');
    await writeFile(path, source.replace(before, instead));
    await run(
      { name: 'tsc', command: tool('tsc'), args: ['-p', '.', '--noEmit', ALONE], cwd },
      LIMIT_MS,
    );
  }

  /** Compiles a text as a project that writes declarations. @throws Error with what the compiler says */
  async declare(source: string): Promise<void> {
    const cwd = join(this.#folder, 'declared');
    await mkdir(join(cwd, 'src'), { recursive: true });
    await writeFile(join(cwd, 'src', 'index.ts'), source);
    const own = { extends: '../express/tsconfig.json', include: ['src'] };
    const compilerOptions = { rootDir: 'src', outDir: 'dist', declaration: true };
    await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ ...own, compilerOptions }));
    const args = ['-p', '.', '--pretty', 'false', ALONE];
    await run({ name: 'tsc', command: tool('tsc'), args, cwd }, LIMIT_MS);
  }

  /** Starts what was compiled of one of them, as its scripts do. */
  start(name: string, program: string, env: Readonly<Record<string, string>> = {}): TestProcess {
    return new TestProcess({
      name: `${name}, ${program}`,
      command: process.execPath,
      args: ['--env-file=.env', `dist/${program}.js`],
      cwd: join(this.#folder, name),
      env,
    });
  }

  /** Runs what was compiled of one of them to its end. @returns what it has written to stdout */
  async said(name: string, program: string, input: string): Promise<string> {
    const cwd = join(this.#folder, name);
    const child = spawn(process.execPath, ['--env-file=.env', `dist/${program}.js`], {
      cwd,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(input);
    return await text(child.stdout);
  }
}

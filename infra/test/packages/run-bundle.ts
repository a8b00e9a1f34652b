import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ROOT } from '../../paths.ts';
import { runProgram } from '../run-program.ts';

/** All of the root. */
export const VERIFY = `export * from '@portcullis/verify';`;

export interface Run {
  /** As `bundled-process.ts` has noted it. */
  said: Readonly<Record<string, unknown>>;
  /** The files of the bundle that were loaded, by the coverage of the process. */
  loaded: readonly string[];
}

/**
 * Runs `bundled-process.ts` in a process of its own.
 *
 * @param folder with a bundle of the root, whose entry is `stdin.js`
 */
export async function runBundle(folder: string, how: 'usual' | 'every'): Promise<Run> {
  const scratch = await mkdtemp(join(tmpdir(), 'portcullis-run-'));
  try {
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const program = join(scratch, 'process.mjs');
    await build({
      entryPoints: [join(ROOT, 'infra/test/packages/bundled-process.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      target: 'es2023',
      format: 'esm',
      conditions: ['portcullis-source'],
      logLevel: 'silent',
    });
    const coverage = join(scratch, 'coverage');
    const { status, stdout, stderr } = await runProgram(
      process.execPath,
      [program, how, join(folder, 'stdin.js')],
      { cwd: folder, env: { ...process.env, NODE_V8_COVERAGE: coverage }, limitMs: 50_000 },
    );
    if (status !== 0) throw new Error(`it ended with ${status}\n${stdout}${stderr}`);
    return { said: JSON.parse(stdout), loaded: await loadedOf(folder, coverage) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function loadedOf(folder: string, coverage: string): Promise<string[]> {
  const loaded = new Set<string>();
  for (const report of await readdir(coverage)) {
    const { result }: { result: { url: string }[] } = JSON.parse(
      await readFile(join(coverage, report), 'utf8'),
    );
    for (const { url } of result) {
      const path = url.startsWith('file:') ? fileURLToPath(url) : '';
      if (path.startsWith(`${folder}/`)) loaded.add(basename(path));
    }
  }
  return [...loaded];
}

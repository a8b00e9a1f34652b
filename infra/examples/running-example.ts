/** A project of `examples`, copied to where no workspace is, installed by npm as README says, built and started. */
import { freePort, run, TestProcess } from '@portcullis/testbed';
import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { withOwn, type Tarball } from '../packages/pack.ts';
import { ROOT } from '../paths.ts';

const INSTALL_LIMIT_MS = 300_000;
const LIMIT_MS = 120_000;
const NPM_QUIET = ['--no-audit', '--no-fund', '--prefer-offline'];
const ranges = z.record(z.string(), z.string());
const manifest = z.object({ dependencies: ranges, devDependencies: ranges });

export interface Surroundings {
  /** Where the copies are made. */
  folder: string;
  tarballs: readonly Tarball[];
  authUrl: string;
  userUrl: string;
  /** Of an access token. */
  lifeSeconds: number;
  /** The file that `npm run service -- add orders` has written. */
  settings: string;
}

export interface RunningExample extends AsyncDisposable {
  readonly authUrl: string;
  readonly userUrl: string;
  /** Of an access token. */
  readonly lifeSeconds: number;
  /** Where it serves. */
  readonly port: number;
  readonly log: string;
  /** Runs one of its scripts to its end. @returns what it has written */
  run(script: string): Promise<string>;
  /** Starts another one of its scripts. */
  start(script: string, words: readonly string[], env: Record<string, string>): TestProcess;
}

/**
 * @param change made to the copy before it is built
 * @throws Error with what npm says, where it cannot be installed or does not compile
 */
export async function startExample(
  name: string,
  { folder, tarballs, settings, authUrl, userUrl, lifeSeconds }: Surroundings,
  change?: (folder: string) => void,
): Promise<RunningExample> {
  const place = join(folder, name);
  cpSync(join(ROOT, 'examples', name), place, { recursive: true });
  copyFileSync(settings, join(place, '.env'));
  change?.(place);
  const port = await freePort();
  const npm = (words: readonly string[], env: Record<string, string> = {}) => ({
    ...{ name: `npm ${words.join(' ')}`, command: 'npm', args: words, cwd: place },
    env: { PORT: String(port), ...env },
  });
  const files = ownOf(place, tarballs).map(({ file }) => file);
  await run(npm(['install', ...NPM_QUIET, ...files]), INSTALL_LIMIT_MS);
  await run(npm(['run', 'build']), LIMIT_MS);
  const server = new TestProcess(npm(['start']));
  return {
    ...{ authUrl, userUrl, lifeSeconds, port },
    get log() {
      return server.log;
    },
    run: async (script) => await run(npm(['run', '--silent', script]), LIMIT_MS),
    start: (script, words, env) => new TestProcess(npm(['run', script, '--', ...words], env)),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
    },
  };
}

/** What of ours it names, and what that depends on. */
function ownOf(place: string, tarballs: readonly Tarball[]): Tarball[] {
  const { dependencies, devDependencies } = manifest.parse(
    JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')),
  );
  const all = { ...dependencies, ...devDependencies };
  const named = tarballs.filter((one) => one.manifest.name in all);
  return [...new Set(named.flatMap((one) => withOwn(one, tarballs)))];
}

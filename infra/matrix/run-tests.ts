import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Program } from './programs.ts';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { stage } from '../lifetime/supervisor.ts';
import { CHECKOUT_ID } from '../paths.ts';
import { ADDRESS_SETTING } from '../system/server-name.ts';

/** Its processes end by themselves when it is asked to; half an ended test run leaves servers. */
const GRACE_MS = 30_000;

export interface TestRun {
  repository: string;
  commit: string;
  programs: readonly Program[];
  log: string;
}

/** The whole of `npm test` in a new clone, on these programs. Its last line is believed, and its status. */
export async function runTests(
  session: Session,
  { repository, commit, programs, log }: TestRun,
): Promise<{ passed: number; failed: number }> {
  const folder = mkdtempSync(join(tmpdir(), `portcullis-${CHECKOUT_ID}-matrix-`));
  await session.supervisor.own({ kind: 'folder', name: folder, path: folder, stage: stage.folder });
  const clone = join(folder, 'clone');
  const git = (...words: string[]): void => {
    execFileSync('git', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  git('clone', '--quiet', '--no-checkout', repository, clone);
  git('-C', clone, 'checkout', '--quiet', '--detach', commit);
  rmSync(log, { force: true });
  const status = await runCommand(session.supervisor, {
    name: 'npm test',
    argv: ['npm', 'test'],
    cwd: clone,
    env: environment(repository, linksOf(folder, programs), programs),
    output: { file: log },
    graceMs: GRACE_MS,
  });
  session.signal.throwIfAborted();
  rmSync(folder, { recursive: true, force: true });
  const counts = countsIn(readFileSync(log, 'utf8'));
  // A run that ends badly has failed, with any counts.
  return status === 0 ? counts : { ...counts, failed: Math.max(counts.failed, 1) };
}

function linksOf(folder: string, programs: readonly Program[]): string {
  const links = join(folder, 'bin');
  mkdirSync(links);
  for (const { as, file } of programs) {
    if (as !== 'postgres') symlinkSync(file, join(links, as));
  }
  return links;
}

/** `npm test` takes what is first on PATH; what could lead it to other servers is left out. */
function environment(
  repository: string,
  links: string,
  programs: readonly Program[],
): NodeJS.ProcessEnv {
  const addresses = Object.values(ADDRESS_SETTING);
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_|PORTCULLIS_)/i.test(name) && !addresses.includes(name),
  );
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.startsWith(repository));
  // PostgreSQL finds its files beside its own program: a link would lead it astray.
  const own = programs.filter(({ as }) => as === 'postgres').map(({ file }) => dirname(file));
  return {
    ...Object.fromEntries(inherited),
    PATH: [links, ...own, ...path].join(delimiter),
    // No engine answers there: containers would take the place of the programs.
    DOCKER_HOST: 'unix:///dev/null',
  };
}

/** `N passed, N failed` is the last line of `npm test`. */
function countsIn(output: string): { passed: number; failed: number } {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const [, passed, failed] = /^(\d+) passed, (\d+) failed/.exec(last) ?? [];
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 1) };
}

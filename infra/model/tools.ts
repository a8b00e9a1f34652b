// Spin and a C compiler: what is there, or what the package manager can bring.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { tail } from '../lifetime/tail.ts';
import { note, StepFailure } from '../steps.ts';
import { findBinary } from '../system/find-binary.ts';

export interface Tools {
  spin: string;
  compiler: string;
}

type Need = 'spin' | 'C compiler';

const APT: Record<Need, readonly string[]> = { spin: ['spin'], 'C compiler': ['gcc', 'libc6-dev'] };
const APT_SCRIPT = `
set -eu
export DEBIAN_FRONTEND=noninteractive
options='-o DPkg::Lock::Timeout=180 -o Acquire::Retries=2'
apt-get $options update
apt-get $options install -y --no-install-recommends "$@"
`;

export async function findTools(session: Session): Promise<Tools> {
  const missing = needed().filter(([, program]) => program === undefined);
  const why =
    missing.length === 0
      ? undefined
      : await install(
          session,
          missing.map(([it]) => it),
        );
  const [[, spin], [, compiler]] = needed();
  if (spin === undefined) throw isMissing('spin', why);
  if (compiler === undefined) throw isMissing('C compiler', why);
  return { spin, compiler };
}

function needed(): [[Need, string | undefined], [Need, string | undefined]] {
  const compiler = findBinary('gcc') ?? findBinary('cc') ?? findBinary('clang');
  return [
    ['spin', findBinary('spin')],
    ['C compiler', compiler],
  ];
}

/** @returns why it could not, if so */
async function install(session: Session, needs: readonly Need[]): Promise<string | undefined> {
  const argv = installCommand(needs);
  if (argv === undefined) {
    return 'no package manager that can be used here (apt as root or with passwordless sudo, or brew)';
  }
  note(`installing ${needs.join(' and ')} ...`);
  const log = join(session.dataFolder, 'packages.log');
  const status = await runCommand(session.supervisor, {
    name: 'packages',
    argv,
    output: { file: log },
    // Half an installation is worse than a slow Ctrl-C: it may finish, and gets no signal.
    signal: 'SIGCONT',
    graceMs: 120_000,
  });
  session.signal.throwIfAborted();
  return status === 0 ? undefined : `its package could not be installed:\n${tail(log)}`;
}

function installCommand(needs: readonly Need[]): [string, ...string[]] | undefined {
  if (findBinary('apt-get') !== undefined) {
    const packages = needs.flatMap((need) => APT[need]);
    const script: [string, ...string[]] = ['/bin/sh', '-c', APT_SCRIPT, 'sh', ...packages];
    if (process.getuid?.() === 0) return script;
    if (sudoNeedsNoPassword()) return ['sudo', '-n', ...script];
  }
  if (findBinary('brew') !== undefined) {
    const formulae = needs.map((need) => (need === 'spin' ? 'spin' : 'gcc'));
    return ['brew', 'install', ...formulae];
  }
  return undefined;
}

function sudoNeedsNoPassword(): boolean {
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore', timeout: 5_000 }).status === 0;
}

function isMissing(need: Need, why = 'it was installed, but is not where it is looked for') {
  return new StepFailure(
    `The model needs ${need === 'spin' ? 'spin' : 'a C compiler'}, and there is none: ${why}`,
    {
      fix: hint(need),
    },
  );
}

/** The line that a user would type. */
function hint(need: Need): string {
  if (process.platform === 'darwin') {
    return need === 'spin' ? 'brew install spin' : 'xcode-select --install';
  }
  if (findBinary('apt-get') !== undefined) return `sudo apt-get install -y ${APT[need].join(' ')}`;
  return need === 'spin' ? 'install spin (https://spinroot.com)' : 'install gcc';
}
